//! Saving the filters: what is kept, refused and told.

use super::*;

#[tokio::test]
async fn saving_keeps_the_order_of_the_screen_and_has_a_run_follow() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let site = stage.psa.site("Site 3").id.to_string();
    let kind = stage.psa.contact_type("Decision Maker");
    let kind_id = kind.map(|kind| kind.id.to_string()).unwrap_or_default();
    let all: &[(&str, &str)] = &[
        ("[name]", " Guests "),
        ("[target]", "exclude"),
        ("[when][3][kind]", "domain"),
        ("[when][3][negated]", "true"),
        ("[when][3][value]", "@contractors.example"),
        ("[when][12][kind]", "field"),
        ("[when][12][field]", "jobTitle"),
        ("[when][12][value]", "Temp"),
    ];
    let group: &[(&str, &str)] = &[
        ("[enabled]", "true"),
        ("[site]", &site),
        ("[contact_type]", &kind_id),
        ("[when][0][kind]", "group"),
        ("[when][0][value]", OTHER),
        ("[when][0][label]", "Night shift"),
    ];
    let filters: &[(&str, &[(&str, &str)])] = &[("n2", EVERYONE), ("k0", all), ("n10", group)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let saved = stage.company().await.filters;
    assert_eq!(names(&stage).await, ["Everyone", "Guests", "Filter 3"]);
    assert!(saved[0].enabled && !saved[1].enabled);
    assert_eq!(saved[1].target, Target::Exclude);
    let domain = Condition {
        negated: true,
        test: Test::UpnDomain("contractors.example".into()),
    };
    assert_eq!(saved[1].when[0], domain);
    assert_eq!(saved[2].when[0].test, Test::Group(OTHER.into()));
    let Target::Place { site, .. } = &saved[2].target else {
        panic!("a place")
    };
    assert_eq!(site.as_ref(), Some(&stage.psa.site("Site 3")));
    let id = stage.company_id;
    let waiting = stage.read(move |conn| jobs::waiting(conn, id)).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].priority, jobs::Priority::Save);
    let page = visitor.get(&address(&stage)).await;
    assert!(page.text.contains("within five minutes"));
    assert!(
        page.text
            .contains("Member of <bdi class=\"strong\">Night shift")
    );
}

#[tokio::test]
async fn mistakes_stand_beside_their_field_and_keep_what_was_typed() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let long = "x".repeat(101);
    let wrong: &[(&str, &str)] = &[
        ("[name]", &long),
        ("[enabled]", "true"),
        ("[site]", "999999"),
        ("[when][0][kind]", "group"),
        ("[when][1][kind]", "field"),
        ("[when][1][field]", "shoeSize"),
        ("[when][2][kind]", "domain"),
        ("[when][2][value]", "two words"),
        ("[when][3][kind]", "nonsense"),
        ("[when][4][kind]", "licence"),
    ];
    let none: &[(&str, &str)] = &[("[name]", "everyone"), ("[enabled]", "true")];
    let filters: &[(&str, &[(&str, &str)])] = &[("k0", EVERYONE), ("k1", wrong), ("k2", none)];
    let fields = list(&version(&stage).await, filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 422);
    for wanted in [
        "id=\"k1-name-mistake\"",
        "id=\"k1-site-mistake\"",
        "id=\"k1-c0-mistake\"",
        "Choose a group",
        "id=\"k1-c1-mistake\"",
        "Choose a field",
        "id=\"k1-c2-mistake\"",
        "value=\"two words\"",
        "id=\"k1-c3-mistake\"",
        "id=\"k1-c4-mistake\"",
        "A filter needs a condition",
        "Another filter of this company is called so already",
        &long,
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["Management", "IT", "Everyone"]);
}

#[tokio::test]
async fn hostile_text_in_every_field_is_shown_harmlessly() {
    let stage = stage().await;
    stage.sync().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let parts = ["name", "enabled", "target", "site", "contact_type"];
    let mut hostile: Vec<(String, &str)> = parts
        .iter()
        .map(|part| (format!("[{part}]"), HOSTILE))
        .collect();
    for (at, kind) in ["group", "field", "domain", "licence", HOSTILE]
        .iter()
        .enumerate()
    {
        hostile.push((format!("[when][{at}][kind]"), kind));
        for part in ["negated", "field", "value", "label", "was"] {
            hostile.push((format!("[when][{at}][{part}]"), HOSTILE));
        }
    }
    for open in ["", "true"] {
        let mut all: Vec<(&str, &str)> = hostile.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        all.push(("[open]", open));
        let mut fields = list(&version(&stage).await, &[("k0", &all)]);
        fields.push(("key".into(), "k0".into()));
        for act in [
            "edit",
            "done",
            "duplicate",
            "condition",
            "kind",
            "first",
            HOSTILE,
        ] {
            let mut fields = fields.clone();
            fields.push(("act".into(), act.into()));
            fields.push(("condition".into(), "1".into()));
            let to = format!("{}/item", address(&stage));
            let answer = send(&visitor, &to, &fields).await;
            let wanted = if act == HOSTILE { 404 } else { 200 };
            assert_eq!(answer.status, wanted, "{act}: {}", answer.text);
            assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
        }
        for (end, wanted) in [("", 422), ("/effect", 200)] {
            let answer = send(&visitor, &format!("{}{end}", address(&stage)), &fields).await;
            assert_eq!(answer.status, wanted);
            assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
        }
    }
    let named: &[(&str, &str)] = &[("[name]", HOSTILE), ("[when][0][kind]", "licensed")];
    let fields = list(&version(&stage).await, &[("k0", named)]);
    assert_eq!(send(&visitor, &address(&stage), &fields).await.status, 303);
    let page = visitor.get(&address(&stage)).await;
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<script>alert"));
}

#[tokio::test]
async fn a_list_that_no_page_made_is_refused_whole() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let version = version(&stage).await;
    let one = list(&version, &[("k0", EVERYONE)]);
    let with = |extra: &[(&str, &str)]| {
        let extra = extra
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        one.iter().cloned().chain(extra).collect::<Vec<_>>()
    };
    let strange = [
        with(&[("order[]", "k0")]),
        with(&[("order[]", "k7")]),
        with(&[("filter[k9][name]", "not in the order")]),
        list(&version, &[("\"><b>", EVERYONE)]),
        list(&version, &[("k0", &[("[when][x][kind]", "licensed")])]),
        with(&[("over", "soon")]),
    ];
    for fields in strange {
        for end in ["", "/effect", "/item"] {
            let to = format!("{}{end}", address(&stage));
            let answer = send(&visitor, &to, &fields).await;
            assert_eq!(answer.status, 400, "{end} {fields:?}");
        }
    }
    assert_eq!(names(&stage).await.len(), 3);
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_with_a_sentence() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let keys: Vec<String> = (0..201).map(|at| format!("n{at}")).collect();
    let part: &[(&str, &str)] = &[("[when][0][kind]", "licensed")];
    let filters: Vec<(&str, &[(&str, &str)])> =
        keys.iter().map(|key| (key.as_str(), part)).collect();
    let fields = list(&version(&stage).await, &filters);
    let answer = send(&visitor, &address(&stage), &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("A company has 200 filters at most."));
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &fields).await;
    assert!(effect.text.contains("A company has 200 filters at most."));
    assert_eq!(names(&stage).await.len(), 3);
}

#[tokio::test]
async fn the_second_of_two_technicians_is_told_and_loses_nothing() {
    let stage = stage().await;
    let visitor = a_technician_at_the_stage(&stage).await;
    let seen = version(&stage).await;
    let theirs: &[(&str, &str)] = &[("[name]", "By the other"), ("[when][0][kind]", "licensed")];
    let first = list(&seen, &[("n0", theirs)]);
    assert_eq!(send(&visitor, &address(&stage), &first).await.status, 303);
    let mine = list(&seen, &[("k0", EVERYONE)]);
    let effect = send(&visitor, &format!("{}/effect", address(&stage)), &mine).await;
    assert!(effect.text.contains("These settings were saved meanwhile"));
    let answer = send(&visitor, &address(&stage), &mine).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    for wanted in [
        "You changed this company in another window just now.",
        "By the other",
        "value=\"Everyone\"",
        "Take the saved list",
    ] {
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
    }
    assert_eq!(names(&stage).await, ["By the other"]);
    let mut over = mine;
    over.push(("over".into(), version(&stage).await));
    assert_eq!(send(&visitor, &address(&stage), &over).await.status, 303);
    assert_eq!(names(&stage).await, ["Everyone"]);
}
