//! Wrong files, each with everything that is wrong with it; and the file of the documents.

use rollcall::fleet::{KnownPsa, parse};
use rollcall::model::{Cloud, Test};
use secrecy::ExposeSecret;

use super::world::{CLIENT, GROUP, TENANT, Table, example};

/// The mistakes of a file; the database has two connections.
fn mistakes(text: &str) -> Vec<String> {
    let known = [("CW", "connectwise"), ("AT", "autotask")].map(|(name, kind)| KnownPsa {
        name: name.to_owned(),
        kind: kind.to_owned(),
    });
    let parsed = parse(text, &known, &Table::new());
    parsed.mistakes.iter().map(ToString::to_string).collect()
}

/// A company with more lines.
fn company(more: &str) -> String {
    format!("[[company]]\nname = \"A\"\npsa = \"CW\"\npsa_company_id = 1\n{more}\n")
}

/// A company with a tenant of more lines, the first of which is line 8.
fn tenant(more: &str) -> String {
    company(&format!(
        "[company.tenant]\ntenant_id = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\n{more}"
    ))
}

/// A company with a filter of more lines, the first of which is line 6.
fn filter(more: &str) -> String {
    company(&format!("[[company.filter]]\n{more}"))
}

const CW: &str = r#"[[psa]]
name = "New"
kind = "connectwise"
url = "https://api-na.myconnectwise.net"
company_id = "mymsp"
public_key = { env = "CW_PUBLIC_KEY" }
private_key = { env = "CW_PRIVATE_KEY" }
client_id = { env = "CW_CLIENT_ID" }
"#;

#[test]
fn the_example_of_the_documents_has_no_mistake_and_says_what_it_says() {
    let parsed = parse(&example(), &[], &Table::new());
    assert_eq!(parsed.mistakes, []);
    let file = parsed.file;
    assert_eq!(
        file.ignored_licences.unwrap().value,
        ["FLOW_FREE", "POWER_BI_STANDARD"]
    );
    assert_eq!(
        file.psa[0].secrets["private_key"].expose_secret(),
        "private-1"
    );
    assert_eq!(file.psa[1].fields["username"].value, "api@mymsp.example");
    let contoso = &file.companies[0];
    assert_eq!(contoso.psa_company_id.value.as_str(), "250");
    assert_eq!(contoso.timezone, "Europe/London");
    assert_eq!(contoso.ignored, ["ceo@contoso.example"]);
    let tenant = contoso.tenant.as_ref().unwrap();
    assert_eq!(tenant.secrets["client_secret"].expose_secret(), "tenant-1");
    assert_eq!(
        tenant.expires.as_ref().unwrap().value.to_string(),
        "2027-03-31"
    );
    assert_eq!(tenant.cloud, Cloud::Global);
    assert_eq!(contoso.filters.len(), 4);
    assert_eq!(contoso.filters[0].when[0].test, Test::Group(GROUP.into()));
    assert!(contoso.filters[1].when[1].negated);
    assert!(contoso.filters[2].exclude && !contoso.filters[2].enabled);
    let shown = format!("{:?}", contoso.tenant) + &format!("{:?}", file.psa);
    assert!(
        !shown.contains("tenant-1") && !shown.contains("private-1"),
        "{shown}"
    );
}

#[test]
fn a_certificate_is_kept_in_base64_and_a_text_from_a_file_is_trimmed() {
    let text = tenant(
        "certificate = { file = \"contoso.pfx\" }\ncertificate_password = { file = \"secret.txt\" }",
    );
    let known = [KnownPsa {
        name: "CW".to_owned(),
        kind: "connectwise".to_owned(),
    }];
    let parsed = parse(&text, &known, &Table::new());
    assert_eq!(parsed.mistakes, []);
    let secrets = &parsed.file.companies[0].tenant.as_ref().unwrap().secrets;
    assert_eq!(secrets["certificate"].expose_secret(), "UEZY");
    assert_eq!(
        secrets["certificate_password"].expose_secret(),
        "from a file"
    );
}

#[test]
fn every_wrong_file_is_told_with_its_place() {
    let guid = "a GUID such as \"6f0c7b1e-0000-4000-8000-000000000000\"";
    let one_of = "licensed, group, field (with equals), upn_domain or licence";
    let table: Vec<(String, Vec<String>)> = vec![
        ("colour = 1".into(), vec!["line 1, column 1: unknown key \"colour\" in the file".into()]),
        ("[[compny]]\n".into(), vec!["line 1, column 3: unknown key \"compny\" in the file: did you mean \"company\"?".into()]),
        ("ignored_licences = \"A\"".into(), vec!["line 1, column 20: ignored_licences must be a list of licences, not a text".into()]),
        ("ignored_licences = [\"A\", 2]".into(), vec!["line 1, column 26: ignored_licences must be a text in quotes, not a number".into()]),
        ("psa = 1".into(), vec!["line 1, column 7: psa must be written as [[psa]], not as a number".into()]),
        ("[company]\n".into(), vec!["line 1, column 1: company must be written as [[company]], not as a table".into()]),
        ("[[psa]]\nname = \"X\"".into(), vec!["line 1, column 1: kind is missing in this [[psa]]".into()]),
        ("[[psa]]\nname = \"X\"\nkind = \"conectwise\"".into(), vec!["line 3, column 8: kind must be \"connectwise\" or \"autotask\", not \"conectwise\"".into()]),
        (CW.replace("url =", "ulr ="), vec![
            "line 1, column 1: url is missing in this [[psa]]".into(),
            "line 4, column 1: unknown key \"ulr\" in [[psa]]: did you mean \"url\"?".into(),
        ]),
        (CW.replace("https:", "http:"), vec!["line 4, column 7: url must be an address such as https://api-na.myconnectwise.net: https (http for loopback addresses only), without a user name, password, ? or #".into()]),
        (CW.replace("\"mymsp\"", "7"), vec!["line 5, column 14: company_id must be a text in quotes, not a number".into()]),
        (CW.replace("\"mymsp\"", "\" \""), vec!["line 5, column 14: company_id must not be empty".into()]),
        (CW.replace("{ env = \"CW_PRIVATE_KEY\" }", "\"hunter2\""), vec!["line 7, column 15: private_key is a secret: write { env = \"NAME\" } or { file = \"PATH\" }".into()]),
        (CW.replace("CW_PRIVATE_KEY", "NOT_SET"), vec!["line 7, column 23: the environment variable NOT_SET is not set".into()]),
        (CW.replace("CW_PRIVATE_KEY", "EMPTY"), vec!["line 7, column 23: the environment variable EMPTY is empty".into()]),
        (CW.replace("env = \"CW_PRIVATE_KEY\"", "file = \"no.txt\""), vec!["line 7, column 24: the file no.txt cannot be read: No such file or directory".into()]),
        (CW.replace("env = \"CW_PRIVATE_KEY\"", "evn = \"A\""), vec![
            "line 7, column 15: private_key needs env = \"NAME\" or file = \"PATH\"".into(),
            "line 7, column 17: unknown key \"evn\" in secret: did you mean \"env\"?".into(),
        ]),
        (CW.replace("env = \"CW_PRIVATE_KEY\"", "env = \"AT_CODE\", file = \"secret.txt\""), vec!["line 7, column 15: private_key has env and file: one of them is enough".into()]),
        ("[[psa]]\nname = \"X\"\nkind = \"autotask\"\nusername = \"u\"\nsecret = { env = \"AT_SECRET\" }\nintegration_code = { env = \"AT_CODE\" }\nphone_type = \"Direct\"\ndefault_contact_type = \"A\"".into(), vec![
            "line 7, column 1: phone_type is for ConnectWise, not for Autotask".into(),
            "line 8, column 1: default_contact_type is for ConnectWise, not for Autotask".into(),
        ]),
        (format!("{CW}{CW}"), vec!["line 10, column 8: another PSA connection is called \"New\" already, in line 2".into()]),
        ("[[company]]\nname = \"A\"".into(), vec![
            "line 1, column 1: psa is missing in this [[company]]".into(),
            "line 1, column 1: psa_company_id is missing in this [[company]]".into(),
        ]),
        (company("").replace("\"CW\"", "\"Cww\""), vec!["line 3, column 7: no PSA connection is called \"Cww\", neither in this file nor in the database: did you mean \"CW\"?".into()]),
        (company("").replace("\"CW\"", "\"Autotask\""), vec!["line 3, column 7: no PSA connection is called \"Autotask\", neither in this file nor in the database".into()]),
        (company("").replace("\"CW\"", "\"Man PSA\"") + &CW.replace("New", "Main PSA"), vec!["line 3, column 7: no PSA connection is called \"Man PSA\", neither in this file nor in the database: did you mean \"Main PSA\"?".into()]),
        (company("").replace("= 1", "= \"1\""), vec!["line 4, column 18: psa_company_id must be a whole number, 0 or more, not a text".into()]),
        (company("").replace("= 1", "= -1"), vec!["line 4, column 18: psa_company_id must be a whole number, 0 or more, not -1".into()]),
        (company("") + &company("").replace("\"A\"", "\"B\""), vec!["line 9, column 18: company 1 of \"CW\" belongs to \"A\" already".into()]),
        (company("") + &company("").replace("= 1", "= 2"), vec!["line 7, column 8: another company is called \"A\" already, in line 2".into()]),
        (company("sync_contacts = \"yes\""), vec!["line 5, column 17: sync_contacts must be true or false, not a text".into()]),
        (company("sync_contacts = true"), vec!["line 1, column 1: [company.tenant] is missing in this [[company]]".into()]),
        (company("schedule = \"2:30\""), vec!["line 5, column 12: schedule must be a time such as \"02:30\", not \"2:30\"".into()]),
        (company("schedule = \"24:00\""), vec!["line 5, column 12: schedule must be a time such as \"02:30\", not \"24:00\"".into()]),
        (company("timezone = \"Europe/Lodnon\""), vec!["line 5, column 12: timezone must be a time zone such as \"Europe/London\", not \"Europe/Lodnon\"".into()]),
        (company("max_deactivations = 3"), vec!["line 5, column 21: max_deactivations must be a table, not a number".into()]),
        (company("max_deactivations = { floor = 3, percent = 101 }"), vec!["line 5, column 44: percent must be a whole number from 0 to 100, not 101".into()]),
        (company("max_deactivations = { floor = 1.5, percnt = 1 }"), vec![
            "line 5, column 31: floor must be a whole number, 0 or more, not a number with a fraction".into(),
            "line 5, column 36: unknown key \"percnt\" in max_deactivations: did you mean \"percent\"?".into(),
        ]),
        (company("ignore = [\"Jane Doe\"]"), vec!["line 5, column 11: ignore must hold user principal names or object ids (GUIDs), not \"Jane Doe\"".into()]),
        (company("filter = \"none\""), vec!["line 5, column 10: filters are written as [[company.filter]]".into()]),
        (company("[company.tenant]\ntenant_id = \"contoso.example\""), vec![
            "line 5, column 1: client_id is missing in this [company.tenant]".into(),
            format!("line 6, column 13: tenant_id must be {guid}, not \"contoso.example\""),
        ]),
        (tenant("cloud = \"mars\""), vec!["line 8, column 9: cloud must be global, usgov, usgov-dod, china, not \"mars\"".into()]),
        (tenant("expires = \"31.03.2027\""), vec!["line 8, column 11: expires must be a date such as \"2027-03-31\", not \"31.03.2027\"".into()]),
        (tenant("expires = \"2027-02-30\""), vec!["line 8, column 11: expires must be a date such as \"2027-03-31\", not \"2027-02-30\"".into()]),
        (tenant("client_secret = { env = \"CONTOSO_SECRET\" }\ncertificate = { file = \"contoso.pfx\" }"), vec!["line 9, column 1: client_secret and certificate: one of them is enough".into()]),
        (tenant("certificate_password = { env = \"CONTOSO_SECRET\" }"), vec!["line 8, column 1: certificate_password needs certificate beside it".into()]),
        (tenant("certificate = { env = \"CONTOSO_SECRET\" }"), vec!["line 8, column 23: the environment variable CONTOSO_SECRET holds no PFX file in base64".into()]),
        (filter("site = \"Main\""), vec!["line 5, column 1: when is missing in this [[company.filter]]".into()]),
        (filter("when = []"), vec!["line 6, column 8: when needs a condition: { licensed = true } takes all licensed users".into()]),
        (filter("when = [\"all\"]"), vec!["line 6, column 9: condition must be a table, not a text".into()]),
        (filter("when = [{}]"), vec![format!("line 6, column 9: a condition tests one of {one_of}")]),
        (filter("when = [{ not = {} }]"), vec![format!("line 6, column 17: a condition tests one of {one_of}")]),
        (filter("when = [{ licensed = true, licence = \"SPB\" }]"), vec!["line 6, column 9: a condition tests one thing: licensed and licence are 2 conditions".into()]),
        (filter("when = [{ not = { licensed = true }, licence = \"SPB\" }]"), vec!["line 6, column 9: a condition tests one thing: not and licence are two conditions".into()]),
        (filter("when = [{ not = { not = { licensed = true } } }]"), vec!["line 6, column 17: not must hold a condition without not".into()]),
        (filter("when = [{ licensed = false }]"), vec!["line 6, column 9: licensed can be true only: the contrary is { not = { licensed = true } }".into()]),
        (filter("when = [{ group = \"Management\" }]"), vec!["line 6, column 19: group must be a group's object id (a GUID), not \"Management\"".into()]),
        (filter("when = [{ field = \"departmnt\", equals = \"IT\" }]"), vec!["line 6, column 19: \"departmnt\" is no directory field: did you mean \"department\"?".into()]),
        (filter("when = [{ field = \"shoe size\", equals = \"9\" }]"), vec!["line 6, column 19: \"shoe size\" is no directory field. There is: department, jobTitle, officeLocation, companyName, city, state, country, usageLocation, employeeType, employeeId, userType, extensionAttribute1 to extensionAttribute15".into()]),
        (filter("when = [{ field = \"city\" }]"), vec!["line 6, column 9: equals is missing in this condition".into()]),
        (filter("when = [{ licence = \"SPB\", equals = \"x\" }]"), vec!["line 6, column 28: equals belongs to field".into()]),
        (filter("when = [{ equals = \"x\" }]"), vec![format!("line 6, column 9: a condition tests one of {one_of}")]),
        (filter("when = [{ upn_domain = \"@contoso.example\" }]"), vec!["line 6, column 24: upn_domain must be a domain such as \"contoso.example\", not \"@contoso.example\"".into()]),
        (filter("when = [{ licensed = true }]\nexclude = true\nsite = \"Main\"\ncontact_type = \"End User\""), vec![
            "line 8, column 1: site and exclude = true contradict each other".into(),
            "line 9, column 1: contact_type and exclude = true contradict each other".into(),
        ]),
        (filter("when = [{ licensed = true }]\ncontact_type = \"End User\"").replace("\"CW\"", "\"AT\""), vec!["line 7, column 16: contact_type: Autotask has no contact types".into()]),
    ];
    assert!(table.len() > 50);
    for (text, expected) in table {
        assert_eq!(mistakes(&text), expected, "of this file:\n{text}");
    }
}

#[test]
fn broken_toml_is_told_beside_the_other_mistakes_and_nothing_is_missed_that_may_be_there() {
    let text = "[[psa]]\nname = \"X\nkind = \"connectwise\"\n\n[[company]]\nname = \"A\"\npsa_company_id = \"x\"\nschedule = \n";
    assert_eq!(
        mistakes(text),
        [
            "line 2, column 10: invalid basic string, expected `\"`",
            "line 7, column 18: psa_company_id must be a whole number, 0 or more, not a text",
            "line 8, column 12: string values must be quoted, expected literal string",
        ]
    );
}

#[test]
fn a_secret_that_was_pasted_as_the_name_of_a_variable_is_not_repeated() {
    for pasted in [
        "Xy8~Q.abc-def",
        "1hunter2",
        "q7Uh fZ2b",
        "q7UhfZ2bPw9x",
        "ä",
    ] {
        let told = mistakes(&CW.replace("CW_PRIVATE_KEY", pasted));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("line 7, column 23: private_key: "),
            "{told:?}"
        );
        assert!(!told[0].contains(pasted), "{told:?}");
    }
}

#[test]
fn every_wrong_address_is_told_with_an_example_of_connectwise_alone() {
    for wrong in [
        "api-na.myconnectwise.net",
        "ftp://x.example",
        "https://a:b@x.example",
    ] {
        let told = mistakes(&CW.replace("https://api-na.myconnectwise.net", wrong));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("such as https://api-na.myconnectwise.net: "),
            "{told:?}"
        );
        assert!(!told[0].contains("rollcall.example"), "{told:?}");
    }
}

#[test]
fn names_that_differ_only_in_case_are_one_name() {
    let two = format!("{CW}{}", CW.replace("\"New\"", "\"NEW\""));
    assert_eq!(
        mistakes(&two),
        ["line 10, column 8: another PSA connection is called \"New\" already, in line 2"]
    );
    let companies = company("") + &company("").replace("\"A\"", "\"a\"").replace("= 1", "= 2");
    assert_eq!(
        mistakes(&companies),
        ["line 7, column 8: another company is called \"A\" already, in line 2"]
    );
}

#[test]
fn for_an_extension_attribute_that_does_not_exist_no_other_one_is_suggested() {
    assert_eq!(
        mistakes(&filter(
            "when = [{ field = \"extensionAttribute16\", equals = \"x\" }]"
        )),
        [
            "line 6, column 19: \"extensionAttribute16\" is no directory field: extensionAttribute1 to extensionAttribute15 are"
        ]
    );
}

#[test]
fn a_key_that_stands_twice_is_a_mistake() {
    assert_eq!(
        mistakes("[[psa]]\nname = \"X\"\nname = \"Y\"\n"),
        ["line 3, column 1: duplicate key"]
    );
}

#[test]
fn columns_count_characters_and_not_bytes() {
    assert_eq!(
        mistakes("ignored_licences = [\"Zoë\", \"日本\", 3]"),
        ["line 1, column 34: ignored_licences must be a text in quotes, not a number"]
    );
}

#[test]
fn no_text_makes_the_reader_panic() {
    let example = example();
    for end in (0..example.len())
        .step_by(7)
        .filter(|end| example.is_char_boundary(*end))
    {
        mistakes(&example[..end]);
        mistakes(&example[end..]);
    }
    for text in [
        "",
        "\u{feff}",
        "\0",
        "[[",
        "a.b.c = 1",
        "psa = [[]]",
        "company = [{filter = [[]]}]",
    ] {
        mistakes(text);
    }
}
