//! Letters are drawn with every sample, and no text of somebody else becomes markup or a header.

use rollcall::db::companies;
use rollcall::notices::letters::{CauseLetter, Letter, Letters, TestLetter, WeeklyLetter};
use rollcall::notices::settings::{Audience, MailSettings};

use super::{look, ran, with_mail};
use crate::stage::{Stage, Store, Vendor};

#[test]
fn no_name_and_no_address_stands_in_what_is_written_for_debugging() {
    let mail = MailSettings {
        host: "smtp.msp.example".into(),
        user: "robin@msp.example".into(),
        from: "Robin <robin@msp.example>".into(),
        ..MailSettings::default()
    };
    let audience = Audience {
        everybody: vec!["robin@msp.example".into()],
        ..Audience::default()
    };
    let shown = [
        format!("{:?}", CauseLetter::samples()),
        format!("{:?}", WeeklyLetter::samples()),
        format!("{:?}", TestLetter::samples()),
        format!("{mail:?} {audience:?}"),
    ];
    for text in shown {
        for personal in ["Sample", "robin", "Robin", "anna@", "alert"] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
    }
}

fn draw_all<T: Letter>(letters: &Letters) {
    for sample in T::samples() {
        let drawn = letters.draw(&sample).unwrap();
        assert!(
            !drawn.subject.contains(char::is_control),
            "{}",
            drawn.subject
        );
        assert!(
            !drawn.html.contains("<script>"),
            "{}: a text became markup",
            T::TEMPLATE
        );
        assert!(
            !drawn.html.contains("http://") && !drawn.html.contains("<img"),
            "nothing is loaded"
        );
        assert!(
            !drawn.text.contains("&lt;") && !drawn.text.contains("&amp;"),
            "{}",
            drawn.text
        );
        assert!(
            !drawn.text.contains("\nBcc:"),
            "a text became a line of its own"
        );
        assert!(
            !drawn.text.contains("\n\n\n") && !drawn.text.contains(" \n"),
            "{:?}",
            drawn.text
        );
    }
}

#[test]
fn every_sample_of_every_letter_is_drawn_as_text_and_html() {
    let letters = Letters::load().unwrap();
    draw_all::<CauseLetter>(&letters);
    draw_all::<WeeklyLetter>(&letters);
    draw_all::<TestLetter>(&letters);
    let drawn = letters.draw(&CauseLetter::samples()[0]).unwrap();
    insta::assert_snapshot!(drawn.text, @r"
    Client secret expired at Contoso

    No contact of this company is changed until somebody mends it.

    What to do: Add a new client secret in Entra, then give it to Rollcall.

    - Contoso
      https://rollcall.example/companies/7/connection

    --
    Sent by Rollcall, once for this cause. The portal: https://rollcall.example
    ");
    let drawn = letters.draw(&WeeklyLetter::samples()[0]).unwrap();
    insta::assert_snapshot!(drawn.text, @r"
    Contoso

    What changed among the contacts of this company from 19 to 25 Jan 2026.

    Joined (2)
    - Anna Sample: title, phone
    - Anna Sample

    Left (0)
    Nobody left.

    Changed (30)
    - Bert Sample: title, phone
    - Bert Sample
    and 28 more

    --
    The weekly summary of Rollcall, which keeps contacts in step with Microsoft 365.
    ");
}

/// An undefined name in a condition silently counts as false: each stands in the samples.
#[test]
fn every_name_of_every_condition_of_a_letter_stands_in_its_samples() {
    fn known<T: Letter>() -> serde_json::Value {
        serde_json::to_value(T::samples().remove(0)).unwrap()
    }
    let contexts = [
        (CauseLetter::TEMPLATE, known::<CauseLetter>()),
        (WeeklyLetter::TEMPLATE, known::<WeeklyLetter>()),
        (TestLetter::TEMPLATE, known::<TestLetter>()),
    ];
    for (template, context) in contexts {
        for end in ["txt", "html"] {
            let path = format!(
                "{}/templates/mail/{template}.{end}",
                env!("CARGO_MANIFEST_DIR")
            );
            let text = std::fs::read_to_string(path).unwrap();
            for name in text.split("letter.").skip(1) {
                let name: String = name
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                assert!(
                    context.get(&name).is_some(),
                    "{template}.{end}: letter.{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_name_of_a_company_cannot_add_a_header_or_markup() {
    let stage = Stage::new(Vendor::ConnectWise, Store::Sqlite).await;
    let post = with_mail(&stage).await;
    let name =
        "Evil\r\nBcc: all@contoso.example\r\n\r\n<script>alert(1)</script> \"&\u{202e}\u{1f600}";
    let mut company = stage.company().await;
    company.name = name.into();
    let now = stage.clock.now();
    stage
        .write(move |conn| companies::update(conn, &company, now))
        .await;
    ran(&stage, stage.company_id, Err("consent")).await;
    look(&stage).await;
    let mail = post.fresh().remove(0);
    assert_eq!(mail.to.len(), 1);
    assert!(
        !mail.headers().contains(&"bcc".to_owned()),
        "{:?}",
        mail.headers()
    );
    assert!(
        mail.subject()
            .contains("at Evil Bcc: all@contoso.example <script>"),
        "{}",
        mail.subject()
    );
    assert!(!mail.html().contains("<script>") && mail.html().contains("&lt;script&gt;"));
}
