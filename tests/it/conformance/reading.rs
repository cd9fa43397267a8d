//! Scenarios: what is read is whole.

use std::collections::BTreeSet;
use std::time::Duration;

use rollcall::psa::Psa;

use super::play::{Play, fill};
use super::{Options, Stage};

pub async fn many_contacts_are_read_page_by_page(stage: &impl Stage) {
    let play = Play::on(stage).await;
    assert_eq!(play.contacts().await, []);
    for more in [1_000, 205, 795] {
        fill(stage, more);
        let stored: BTreeSet<String> = stage.look().into_iter().map(|each| each.id).collect();
        let read = play.contacts().await;
        assert_eq!(read.len(), stored.len());
        let ids: BTreeSet<String> = read.iter().map(|each| each.id.to_string()).collect();
        assert_eq!(ids, stored);
    }
}

pub async fn a_company_that_is_gone_is_none(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let there = play.psa.company(&play.company).await.unwrap().unwrap();
    assert_eq!(there.id, play.company);
    assert_eq!(there.name, "Contoso Ltd");
    assert!(there.active);
    let never = play.psa.company(&"987654".into()).await.unwrap();
    assert_eq!(never, None);
    stage.remove_company();
    let gone = play.psa.company(&play.company).await.unwrap();
    assert_eq!(gone, None);
}

pub async fn companies_are_found_by_a_part_of_their_name(stage: &impl Stage) {
    let play = Play::on(stage).await;
    for search in ["contoso", "OSO L", "", " Contoso Ltd "] {
        let found = play.psa.companies(search).await.unwrap();
        assert!(
            found.iter().any(|company| company.id == play.company),
            "{search}"
        );
        assert!(found.len() <= 50);
    }
    for search in [
        "fabrikam",
        "Con*so",
        "Con%",
        "\"",
        "Contoso\" OR name=\"x",
        "\\",
        "[",
    ] {
        assert_eq!(play.psa.companies(search).await.unwrap(), [], "{search}");
    }
}

pub async fn sites_and_types_are_read(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let sites = play.psa.sites(&play.company).await.unwrap();
    for id in stage.sites() {
        let site = sites.iter().find(|site| site.id == id).unwrap();
        assert!(site.active && !site.name.is_empty());
    }
    let types = play.psa.contact_types().await.unwrap();
    assert_eq!(types.is_some(), stage.vendor().contact_types);
    for id in stage.types() {
        assert!(types.iter().flatten().any(|of| of.id == id));
    }
}

pub async fn no_more_requests_at_once_than_allowed(stage: &impl Stage) {
    let play = Play::on(stage).await;
    fill(stage, 20);
    let psa = stage.connect(Options {
        at_once: Some(2),
        ..Options::default()
    });
    stage.controls().set_latency(Duration::from_millis(2));
    let reads = (0..12).map(|_| psa.contacts(&play.company, &play.vocabulary));
    for read in futures_util::future::join_all(reads).await {
        assert_eq!(read.unwrap().len(), 20);
    }
    assert!(stage.controls().busiest_lane() <= 2);
}

pub async fn the_address_of_the_api_is_remembered(stage: &impl Stage) {
    let play = Play::on(stage).await;
    let first = stage.connect(Options::default());
    assert_eq!(first.address(), None);
    let count = async |psa: &dyn Psa| {
        let before = stage.controls().requests();
        psa.contacts(&play.company, &play.vocabulary).await.unwrap();
        stage.controls().requests() - before
    };
    let with_look_up = count(&*first).await;
    let remembered = first.address();
    assert!(remembered.is_some());
    let second = stage.connect(Options {
        remembered: remembered.clone(),
        ..Options::default()
    });
    assert_eq!(second.address(), remembered);
    assert_eq!(count(&*second).await, with_look_up - 1);
    second.forget_address();
    assert_eq!(second.address(), None);
    assert_eq!(count(&*second).await, with_look_up);
}
