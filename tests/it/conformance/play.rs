//! What a scenario is played with: a contact as it is wanted, and the steps that bring one there.

use std::collections::BTreeSet;
use std::sync::Arc;

use rollcall::model::{
    Change, Contact, ContactId, ContactTypeId, Field, FieldChange, FieldValue, PsaCompanyId,
    SiteId, Vocabulary, text,
};
use rollcall::psa::{Adds, Psa, Step};

use super::{Options, Plain, Stage, vocabulary};

/// What a contact is to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub first_name: Option<&'static str>,
    pub last_name: Option<&'static str>,
    pub title: Option<&'static str>,
    pub phone: Option<&'static str>,
    pub mobile: Option<&'static str>,
    pub email: Option<&'static str>,
    pub site: Option<SiteId>,
    pub contact_type: Option<ContactTypeId>,
    pub active: Option<bool>,
}

impl Wanted {
    /// The fields that a contact lacks.
    pub fn differences(&self, contact: &Contact) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        let value = |value: Option<&str>| {
            value.map_or(FieldValue::Blank, |value| FieldValue::Text(value.into()))
        };
        let texts = [
            (Field::FirstName, &contact.first_name, self.first_name),
            (Field::LastName, &contact.last_name, self.last_name),
            (Field::Title, &contact.title, self.title),
            (Field::Phone, &contact.phone, self.phone),
            (Field::Mobile, &contact.mobile, self.mobile),
            (Field::Email, &contact.email, self.email),
        ];
        for (field, has, wanted) in texts {
            let has = has.as_deref();
            let same = |one: &str, other: &str| match field {
                Field::Phone | Field::Mobile => text::same_digits(one, other),
                Field::Email => text::folded(one) == text::folded(other),
                _ => one.trim() == other.trim(),
            };
            if let Some(to) = wanted
                && !has.is_some_and(|has| same(has, to))
            {
                let (from, to) = (value(has), value(wanted));
                changes.push(FieldChange { field, from, to });
            }
        }
        if let Some(site) = &self.site
            && contact.site.as_ref() != Some(site)
        {
            changes.push(FieldChange {
                field: Field::Site,
                from: FieldValue::Blank,
                to: FieldValue::Site(site.clone(), String::new()),
            });
        }
        if let Some(of) = &self.contact_type
            && !contact.types.contains(of)
        {
            changes.push(FieldChange {
                field: Field::ContactType,
                from: FieldValue::Blank,
                to: FieldValue::ContactType(of.clone(), String::new()),
            });
        }
        if let Some(active) = self.active
            && contact.active != active
        {
            changes.push(FieldChange {
                field: Field::Active,
                from: FieldValue::Flag(contact.active),
                to: FieldValue::Flag(active),
            });
        }
        changes
    }
}

/// Everything that a scenario needs of a stage.
pub struct Play<'a> {
    pub stage: &'a dyn Stage,
    pub psa: Arc<dyn Psa>,
    pub company: PsaCompanyId,
    pub vocabulary: Vocabulary,
}

impl<'a> Play<'a> {
    pub async fn on(stage: &'a impl Stage) -> Self {
        let psa = stage.connect(Options::default());
        let vocabulary = vocabulary(&*psa).await;
        assert_eq!(psa.missing_phone_types(&vocabulary), Vec::<String>::new());
        Self {
            stage,
            psa,
            company: stage.company(),
            vocabulary,
        }
    }

    pub async fn contacts(&self) -> Vec<Contact> {
        let contacts = self.psa.contacts(&self.company, &self.vocabulary).await;
        contacts.unwrap()
    }

    pub async fn contact(&self, id: &ContactId) -> Contact {
        let contacts = self.contacts().await;
        contacts
            .into_iter()
            .find(|contact| contact.id == *id)
            .unwrap()
    }

    pub fn stored(&self, id: &ContactId) -> Plain {
        let contacts = self.stage.look();
        contacts
            .into_iter()
            .find(|contact| contact.id == id.as_str())
            .unwrap()
    }

    pub fn steps(
        &self,
        contact: Option<&Contact>,
        fields: &[FieldChange],
        own_addresses: &[String],
    ) -> Vec<Step> {
        let change = Change {
            company: &self.company,
            contact,
            fields,
            own_addresses,
        };
        let steps = self.psa.steps(&change, &self.vocabulary);
        // A step is stored before it is sent, perhaps by another process.
        let stored = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Step>>(&stored).unwrap(), steps);
        steps
    }

    pub fn creation(&self, wanted: &Wanted) -> Step {
        let fields = wanted.differences(&Contact {
            active: true,
            ..Contact::default()
        });
        let mut steps = self.steps(None, &fields, &[]);
        assert_eq!(steps.len(), 1, "a contact is made by one request");
        let step = steps.remove(0);
        assert_eq!(step.adds, Adds::Contact);
        let settled: BTreeSet<Field> = step.settles.iter().copied().collect();
        assert_eq!(settled, fields.iter().map(|change| change.field).collect());
        step
    }

    pub async fn create(&self, wanted: &Wanted) -> ContactId {
        let sent = self.psa.send(&self.creation(wanted)).await.unwrap();
        assert!(sent.then.is_empty());
        sent.contact.unwrap()
    }

    /// Brings a contact to where it is wanted, and checks that it is there and that nothing is left to do.
    pub async fn reach(&self, id: &ContactId, wanted: &Wanted, own_addresses: &[String]) {
        let contact = self.contact(id).await;
        let fields = wanted.differences(&contact);
        let mut queue = self.steps(Some(&contact), &fields, own_addresses);
        queue.reverse();
        let mut settled = BTreeSet::new();
        while let Some(step) = queue.pop() {
            let sent = self.psa.send(&step).await.unwrap();
            assert_eq!(sent.contact.as_ref(), Some(id));
            if sent.then.is_empty() {
                settled.extend(step.settles);
            }
            queue.extend(sent.then.into_iter().rev());
        }
        let differing: BTreeSet<Field> = fields.iter().map(|change| change.field).collect();
        assert_eq!(settled, differing, "every field is settled by a step");
        let writes = self.stage.controls().writes();
        let contact = self.contact(id).await;
        let left = wanted.differences(&contact);
        assert_eq!(left, [], "nothing is left to do");
        assert_eq!(self.steps(Some(&contact), &left, own_addresses), []);
        assert_eq!(
            self.stage.controls().writes(),
            writes,
            "reading writes nothing"
        );
    }

    pub fn full(&self) -> Wanted {
        Wanted {
            first_name: Some("Jane"),
            last_name: Some("Doe"),
            title: Some("Engineer"),
            phone: Some("+1 555 0100"),
            mobile: Some("+1 555 0101"),
            email: Some("Jane@contoso.example"),
            site: Some(self.stage.sites()[0].clone()),
            contact_type: self.stage.types().first().cloned(),
            active: None,
        }
    }
}

/// Puts so many contacts there; answers their ids.
pub fn fill(stage: &impl Stage, count: usize) -> BTreeSet<String> {
    (0..count)
        .map(|n| {
            let email = format!("user{n}@contoso.example");
            stage
                .put(&Plain::named("User", &n.to_string(), &email))
                .to_string()
        })
        .collect()
}
