//! Every link and button of every page that a role can reach leads somewhere, and to nothing that the role may not do.

use std::collections::{BTreeSet, VecDeque};

use rollcall::model::{DirectoryField, Role, Target, Test};
use rollcall::web::routes::{Needs, Verb, all};

use super::visitor::Site;
use crate::stage::{Stage, Store, Vendor, filter, user};

/// A company that ran, with a filter, a hold, a preview and a failed job; and one that is not set up yet.
async fn stage() -> Stage {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let it = |name: &str| user(name).with(|user| user.department = Some("IT".into()));
    let names = ["anna", "bert", "carl", "dora", "emil", "fred", "gina"];
    stage.users(names.map(it));
    let site = stage.psa.site("New Site");
    stage
        .set(|company| {
            company.filters = vec![filter(
                vec![Test::Field {
                    field: DirectoryField::Department,
                    equals: "IT".into(),
                }],
                Target::Place {
                    site: Some(site),
                    contact_type: None,
                },
            )];
        })
        .await;
    stage.clock.advance(std::time::Duration::from_mins(1));
    stage.sync().await;
    for name in &names[1..] {
        stage.edit(name, |user| user.account_enabled = Some(false));
    }
    stage.clock.advance(std::time::Duration::from_mins(1));
    let report = stage.sync().await;
    assert!(report.counts.held > 0, "{:?}", report.counts);
    stage
}

/// The values of an attribute in a page.
fn values(text: &str, attribute: &str) -> Vec<String> {
    let mark = format!(" {attribute}=\"");
    let parts = text.split(&mark).skip(1);
    parts
        .filter_map(|part| part.split('"').next())
        .map(|value| {
            let value = value.replace("&#x2F;", "/").replace("&#x3D;", "=");
            value.replace("&amp;", "&").replace("&quot;", "\"")
        })
        .collect()
}

/// The role that a route of this address needs; `None` where there is no such route.
fn needs(verb: Verb, address: &str) -> Option<Needs> {
    let path = address.split('?').next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (mut one, mut other) = (pattern.split('/'), path.split('/'));
        loop {
            match (one.next(), other.next()) {
                (None, None) => return true,
                (Some(part), Some(is)) if part.starts_with('{') => {
                    let tail = part.rsplit('}').next().unwrap_or_default();
                    let id = is.strip_suffix(tail).unwrap_or_default();
                    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
                    if id.is_empty() || (part.contains("\\d") && !digits) {
                        return false;
                    }
                }
                (Some(part), Some(is)) if part == is => {}
                _ => return false,
            }
        }
    };
    let found = all()
        .into_iter()
        .filter(|entry| entry.verb == verb)
        .find(|entry| fits(entry.path));
    found.map(|entry| entry.needs)
}

#[tokio::test]
async fn every_link_of_every_page_leads_to_what_the_role_may_see_and_do() {
    let stage = stage().await;
    let site = Site::start(&stage.app);
    let technician = site.signed_in(Role::Technician).await;
    let preview = format!("/companies/{}/preview", stage.company_id);
    technician.post(&preview, &[]).await;
    while rollcall::jobs::step(&stage.app).await.unwrap() {}
    stage.psa.add_company(300, "Fabrikam");
    let psa = stage.psa_id.to_string();
    let form = [
        ("psa", psa.as_str()),
        ("psa_company_id", "300"),
        ("name", "Fabrikam"),
    ];
    assert_eq!(technician.post("/companies/new", &form).await.status, 303);
    let mut wrong = Vec::new();
    for role in Role::ALL {
        let visitor = if role == Role::Technician {
            site.visitor_like(&technician)
        } else {
            site.signed_in(role).await
        };
        let mut queue = VecDeque::from([("/".to_owned(), "the beginning".to_owned())]);
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        while let Some((address, from)) = queue.pop_front() {
            if !seen.insert(address.clone()) {
                continue;
            }
            let answer = visitor.get(&address).await;
            pages += 1;
            if !matches!(answer.status, 200 | 303) {
                wrong.push(format!("{role:?}: {address} on {from}: {}", answer.status));
                continue;
            }
            let found = [
                values(&answer.text, "href"),
                values(&answer.text, "hx-get"),
                answer.location.into_iter().collect(),
            ];
            for to in found.concat() {
                let to = to.split('#').next().unwrap_or_default();
                let ours = to.starts_with('/') && !to.starts_with("/assets/");
                if ours && !seen.contains(to) {
                    queue.push_back((to.to_owned(), address.clone()));
                }
            }
            let forms = answer.text.split("<form ").skip(1);
            let posts = forms
                .filter_map(|form| form.split('>').next())
                .filter(|form| form.contains("method=\"post\""))
                .flat_map(|form| values(&format!(" {form}>"), "action"))
                .chain(values(&answer.text, "formaction"))
                .chain(values(&answer.text, "hx-post"));
            for to in posts {
                let may = match needs(Verb::Post, &to) {
                    Some(Needs::Role(needed)) => role >= needed,
                    Some(Needs::Nobody | Needs::Program) => true,
                    None => false,
                };
                if !may {
                    wrong.push(format!("{role:?}: a form on {address} sends to {to}"));
                }
            }
        }
        assert!(pages > 20, "{role:?} reached {pages} pages only");
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
