//! Every template is drawn with every sample of its context, for every role.

use std::collections::BTreeSet;

use rollcall::model::Role;
use rollcall::web::templates::Templates;
use rollcall::web::{Place, Shell, pages};

#[test]
fn every_sample_of_every_page_is_drawn_for_every_role() {
    let templates = Templates::load().unwrap();
    let roles = [
        None,
        Some(Role::Reader),
        Some(Role::Technician),
        Some(Role::Administrator),
    ];
    for sample in pages::samples().0 {
        for role in roles {
            let head = sample.head.clone();
            let shell = Shell::sample(role, head.unwrap_or((String::new(), Place::Outside, None)));
            let name = if sample.whole { "page" } else { "part" };
            let html = templates
                .render(sample.template, &shell, (name, &sample.context))
                .unwrap_or_else(|error| panic!("{error}\n{:#}", sample.context));
            assert!(
                !html.contains("<script>"),
                "{}: a sample's text became markup",
                sample.template
            );
            assert!(
                !html.contains(" style="),
                "{}: inline style",
                sample.template
            );
            assert!(
                !html.contains(" onclick"),
                "{}: inline script",
                sample.template
            );
        }
    }
}

/// The text of a template.
fn text(template: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    std::fs::read_to_string(format!("{folder}/{template}")).unwrap()
}

/// Whether a part draws something besides its components, which is what a script asks for.
fn draws_by_itself(template: &str) -> bool {
    let mut rest = text(template);
    for (from, to) in [("{#", "#}"), ("{% component ", "{% endcomponent ")] {
        while let Some(at) = rest.find(from) {
            let mut end = at + rest[at..].find(to).unwrap();
            end += rest[end..].find('}').unwrap() + 1;
            rest.replace_range(at..end, "");
        }
    }
    template.starts_with("parts/") && !rest.trim().is_empty()
}

#[test]
fn every_page_and_part_that_a_script_asks_for_has_samples() {
    let sampled: BTreeSet<String> = pages::samples()
        .0
        .iter()
        .map(|one| one.template.to_owned())
        .collect();
    let missing: Vec<String> = Templates::names()
        .into_iter()
        .filter(|name| name.starts_with("pages/") || draws_by_itself(name))
        .filter(|name| !sampled.contains(name))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// In a template an undefined name in `{{ }}` is an error, but in `{% if %}` it silently counts as false.
#[test]
fn every_name_of_every_condition_stands_in_a_sample() {
    let mut lost = Vec::new();
    for sample in &pages::samples().0 {
        let of = if sample.whole { "page." } else { "part." };
        let text = text(sample.template);
        for condition in text
            .split("{% ")
            .filter(|tag| tag.starts_with("if ") || tag.starts_with("elif "))
        {
            let condition = condition.split("%}").next().unwrap();
            for name in
                condition.split(|letter: char| !(letter.is_alphanumeric() || "._".contains(letter)))
            {
                let Some(name) = name.strip_prefix(of) else {
                    continue;
                };
                let field = name.split('.').next().unwrap();
                if sample.context.get(field).is_none() {
                    lost.push(format!("{}: {of}{name}", sample.template));
                }
            }
        }
    }
    assert_eq!(lost, Vec::<String>::new());
}
