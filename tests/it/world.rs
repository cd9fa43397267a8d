//! Generated customers are the same for ever, messy, loadable everywhere, and change by the day.

mod cast;
mod day;
mod mess;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rollcall::simulator::autotask::{self, Autotask};
use rollcall::simulator::connectwise::{self, ConnectWise};
use rollcall::simulator::graph::{
    AppData, Graph, GroupData, Login, MemberData, Microsoft, UserData,
};
use rollcall::simulator::kit::start;
use rollcall::simulator::world::*;
use serde_json::Value;

const APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";

/// All of a customer as text.
fn told(customer: &Customer) -> String {
    let mut text = format!("{} {}\n", customer.tenant.id, customer.domain);
    for user in &customer.tenant.users {
        text += &line(user);
    }
    for group in &customer.tenant.groups {
        let _ = writeln!(
            text,
            "{} {} {:?}",
            group.id, group.display_name, group.members
        );
    }
    text + &format!("{:?}", customer.contacts)
}

fn line(user: &UserData) -> String {
    format!(
        "{} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}\n",
        user.id,
        user.user_principal_name,
        user.given_name,
        user.surname,
        user.mail,
        user.proxy_addresses,
        user.job_title,
        user.department,
        user.business_phones,
        user.mobile_phone,
        user.account_enabled,
        user.assigned_licenses,
        user.extension_attributes,
    )
}

fn contoso(people: usize) -> Customer {
    Customer::generate(7, "Contoso", people, &Options::default())
}

fn active(user: &UserData) -> bool {
    let free = [FLOW_FREE, POWER_BI_STANDARD];
    let mut licences = user.assigned_licenses.iter().flatten();
    user.account_enabled == Some(true) && licences.any(|sku| !free.contains(&sku.as_str()))
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_seed_or_name_another() {
    let first = told(&contoso(150));
    assert_eq!(first, told(&contoso(150)));
    let options = Options::default();
    let seed = Customer::generate(8, "Contoso", 150, &options);
    assert_ne!(first, told(&seed));
    let name = Customer::generate(7, "Fabrikam", 150, &options);
    let ids = |customer: &Customer| -> BTreeSet<String> {
        let users = customer.tenant.users.iter();
        users.map(|user| user.id.clone()).collect()
    };
    assert!(ids(&name).is_disjoint(&ids(&contoso(150))));
    assert!(ids(&seed).is_disjoint(&ids(&contoso(150))));
}

#[test]
fn a_world_never_changes_with_the_version_of_a_crate() {
    let customer = contoso(3);
    let upns = customer.tenant.users.iter();
    let upns: Vec<&str> = upns.map(|user| user.user_principal_name.as_str()).collect();
    insta::assert_snapshot!(upns.join(" "), @"mei.le@contoso.example layla.adeyemi@contoso.example peter.young@contoso.example info@contoso.example boardroom@contoso.example svc-backup@contoso.example robin.vance_proseware.example#EXT#@contoso.example");
}

#[test]
fn a_tidy_customer_is_all_licensed_and_each_contact_is_right() {
    let options = Options {
        messy: false,
        contacts_percent: 100,
        ..Options::default()
    };
    let customer = Customer::generate(1, "Litware", 100, &options);
    assert_eq!(
        (customer.tenant.users.len(), customer.active_users()),
        (100, 100)
    );
    assert_eq!(customer.contacts.len(), 100);
    for known in &customer.contacts {
        let user = customer
            .user(known.contact.email.as_deref().unwrap())
            .unwrap();
        assert_eq!(known.user.as_deref(), Some(user.id.as_str()));
        assert_eq!(known.contact.title, user.job_title);
        assert_eq!(known.origin, Origin::Same);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test talks to the simulator without the client"
)]
async fn ask(url: &str, token: Option<&str>, form: Option<String>) -> Value {
    let client = reqwest::Client::new();
    let request = match form {
        Some(form) => client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form),
        None => client.get(url).bearer_auth(token.expect("a token")),
    };
    let answer = request.send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

#[tokio::test]
async fn a_loaded_tenant_reads_back_through_graph() {
    let customer = contoso(1100);
    let microsoft = Microsoft::new();
    let tenant = load_graph(&microsoft, &customer, APP, AppData::reader("right"));
    let login = start(Arc::new(Login(microsoft.clone()))).await.unwrap();
    let graph = start(Arc::new(Graph(microsoft.clone()))).await.unwrap();
    let form = format!(
        "grant_type=client_credentials&client_id={APP}&client_secret=right&\
         scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    let url = format!("{}/{tenant}/oauth2/v2.0/token", login.url);
    let answer = ask(&url, None, Some(form)).await;
    let token = answer["access_token"].as_str().expect("a token");
    let mut url = format!(
        "{}/v1.0/users?$select=id,displayName,surname&$top=999",
        graph.url
    );
    let mut names = HashMap::new();
    loop {
        let page = ask(&url, Some(token), None).await;
        for user in page["value"].as_array().unwrap() {
            names.insert(
                user["id"].as_str().unwrap().to_owned(),
                user["displayName"].clone(),
            );
        }
        match page["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names.len(), customer.tenant.users.len());
    for user in &customer.tenant.users {
        assert_eq!(names[&user.id], *user.display_name.as_ref().unwrap());
    }
    let group = customer.group_id("Everyone").unwrap();
    let url = format!(
        "{}/v1.0/groups/{group}/transitiveMembers?$select=id&$top=999",
        graph.url
    );
    let members = ask(&url, Some(token), None).await;
    let kinds: BTreeSet<&str> = members["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["@odata.type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 3, "users, groups and devices: {kinds:?}");
    assert!(
        members["@odata.nextLink"].is_string(),
        "nested members fill more than a page"
    );
}

#[test]
fn contacts_read_back_from_both_psas_as_they_were_generated() {
    let customer = contoso(200);
    let (first, second) = (
        ConnectWise::new(connectwise::Settings::default()),
        Autotask::new(autotask::Settings::default()),
    );
    for (psa, longest) in [(Psa::ConnectWise(&first), 30), (Psa::Autotask(&second), 20)] {
        let loaded = psa.load(&customer);
        assert!(
            loaded
                .sites
                .keys()
                .eq(["Main", "New Site", "Site 2", "Site 3"])
        );
        let found: HashMap<i64, PsaContact> = psa.contacts(loaded.company_id).into_iter().collect();
        assert_eq!(found.len(), customer.contacts.len());
        let mut same = 0;
        for (id, known) in loaded.contacts.iter().zip(&customer.contacts) {
            let mut expected = known.contact.clone();
            if matches!(psa, Psa::Autotask(_)) {
                expected.types.clear();
            }
            let read = &found[id];
            let last = read.last.as_deref().unwrap_or_default();
            assert!(last.encode_utf16().count() <= longest, "{last}");
            assert_eq!((&read.email, &read.site), (&expected.email, &expected.site));
            same += usize::from(*read == expected);
        }
        let cut = customer.contacts.len() - same;
        assert!(
            (1..12).contains(&cut),
            "only what is too long differs: {cut}"
        );
        let again = psa.load(&Customer::generate(9, "Fabrikam", 5, &Options::default()));
        assert_ne!(again.company_id, loaded.company_id);
        assert_eq!(
            again.contact_types, loaded.contact_types,
            "types are shared"
        );
    }
}

#[test]
fn twelve_hundred_people_are_made_and_loaded_at_once() {
    let begun = Instant::now();
    let customer = contoso(1200);
    let microsoft = Microsoft::new();
    load_graph(&microsoft, &customer, APP, AppData::reader("right"));
    load_autotask(&Autotask::new(autotask::Settings::default()), &customer);
    load_connectwise(
        &ConnectWise::new(connectwise::Settings::default()),
        &customer,
    );
    let taken = begun.elapsed();
    assert!(taken < Duration::from_millis(500), "{taken:?}");
}
