//! Users for a stage, built from a first name.

use rollcall::simulator::graph::UserData;

/// A licence that counts.
pub const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";

/// A user to be put on the stage.
#[derive(Clone)]
pub struct User(pub UserData);

/// An active user of this first name: `jane` is Jane Doe with jane@contoso.example, and a licence.
pub fn user(name: &str) -> User {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let address = format!("{name}@contoso.example");
    let given = super::contacts::capital(name);
    User(UserData {
        id: format!("00000000-0000-4000-8000-{:012x}", hash & 0xffff_ffff_ffff),
        user_principal_name: address.clone(),
        display_name: Some(format!("{given} Doe")),
        given_name: Some(given),
        surname: Some("Doe".into()),
        mail: Some(address.clone()),
        proxy_addresses: vec![format!("SMTP:{address}")],
        account_enabled: Some(true),
        assigned_licenses: Some(vec![SPB.into()]),
        user_type: Some("Member".into()),
        ..UserData::default()
    })
}

impl User {
    /// With a title.
    pub fn title(mut self, title: &str) -> Self {
        self.0.job_title = Some(title.into());
        self
    }

    /// With phone and mobile.
    pub fn phones(mut self, phone: &str, mobile: &str) -> Self {
        self.0.business_phones = vec![phone.into()];
        self.0.mobile_phone = Some(mobile.into());
        self
    }

    /// With a further address.
    pub fn alias(mut self, address: &str) -> Self {
        self.0.proxy_addresses.push(format!("smtp:{address}"));
        self
    }

    /// With any change.
    pub fn with(mut self, change: impl FnOnce(&mut UserData)) -> Self {
        change(&mut self.0);
        self
    }

    /// With sign-in blocked.
    pub fn blocked(self) -> Self {
        self.with(|user| user.account_enabled = Some(false))
    }
}
