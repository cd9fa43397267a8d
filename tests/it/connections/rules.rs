//! Which PSA addresses are taken.

use rollcall::rules::address::{psa_address, psa_address_looked_up};

#[test]
fn only_public_https_addresses_are_taken() {
    for refused in [
        "http://api-na.myconnectwise.net",
        "https://user:pw@psa.example.com",
        "https://psa.example.com/?a=b",
        "https://psa.example.com/#x",
        "ftp://psa.example.com",
        "psa.example.com",
        "",
        "https://",
        "https://localhost",
        "https://LOCALHOST./",
        "https://api.localhost",
        "https://[::2]",
        "https://psa",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.0.0.1",
        "https://0177.0.0.1",
        "https://0x7f000001",
        "https://10.0.0.1",
        "https://172.16.0.1",
        "https://172.31.255.255",
        "https://192.168.1.1",
        "https://169.254.169.254",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://224.0.0.1",
        "https://255.255.255.255",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:10.0.0.1]",
        "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::]",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://[fc00::1]",
        "https://[ff02::1]",
    ] {
        let answer = psa_address(refused, false);
        let sentence = answer.expect_err(refused);
        assert!(!sentence.contains("pw"), "{sentence}");
    }
    for taken in [
        "https://api-na.myconnectwise.net",
        "https://psa.example.com:8443/base",
        "https://8.8.8.8",
        "https://172.32.0.1",
        "https://100.128.0.1",
        "https://[2606:4700::1]",
    ] {
        assert!(psa_address(taken, false).is_ok(), "{taken}");
    }
}

#[test]
fn names_that_only_a_local_network_knows_are_refused() {
    for end in [
        "local",
        "local.",
        "LOCAL",
        "localdomain",
        "internal",
        "home.arpa",
    ] {
        let address = format!("https://psa.{end}");
        assert!(psa_address(&address, false).is_err(), "{address}");
        assert!(psa_address(&address, true).is_ok(), "{address}");
    }
    let address = "https://notlocal.example";
    assert!(psa_address(address, false).is_ok());
}

#[test]
fn private_addresses_are_taken_where_allowed_and_plain_http_for_loopback_alone() {
    for taken in [
        "https://psa.localhost",
        "https://10.0.0.1",
        "http://127.0.0.1:8080",
    ] {
        assert!(psa_address(taken, true).is_ok(), "{taken}");
    }
    for refused in ["http://10.0.0.1", "https://user@psa.example.com"] {
        assert!(psa_address(refused, true).is_err(), "{refused}");
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_told_so() {
    let answer = psa_address_looked_up("https://psa.contoso.invalid", false).await;
    let sentence = answer.unwrap_err();
    assert!(
        sentence.starts_with("No address is known for psa.contoso.invalid"),
        "{sentence}"
    );
}
