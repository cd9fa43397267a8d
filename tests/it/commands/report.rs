//! The JSON report as a whole (`behaviour.md` section 10): other programs rely on its keys.

use super::{rollcall, stage};
use crate::stage::{Vendor, user};

#[tokio::test]
async fn a_report_has_the_keys_of_the_contract() {
    let stage = stage(Vendor::ConnectWise).await;
    // One after the other, so that their contacts' ids are known.
    for person in [user("carl"), user("jane").title("Engineer")] {
        stage.users([person]);
        rollcall(&stage, &["sync", "--all"]).await.ends(0);
    }
    stage.edit("jane", |user| user.job_title = Some("Lead engineer".into()));
    stage.edit("carl", |user| user.account_enabled = Some(false));
    let arguments = ["sync", "--company", "Contoso", "--json"];
    let said = rollcall(&stage, &arguments).await.ends(0).json();
    insta::assert_json_snapshot!(said, {
        "[].run" => "[run]",
        "[].started_at" => "[time]",
        "[].finished_at" => "[time]",
    }, @r#"
    [
      {
        "calls": {
          "graph": 1,
          "login": 1,
          "psa": 4
        },
        "company": "Contoso",
        "counts": {
          "conflict": 0,
          "create": 0,
          "deactivate": 1,
          "failed": 0,
          "held": 0,
          "link": 0,
          "out_of_scope": 0,
          "reactivate": 0,
          "unchanged": 0,
          "update": 1
        },
        "error": null,
        "findings": [],
        "finished_at": "[time]",
        "mode": "update",
        "people": [
          {
            "action": "deactivate",
            "contact_id": "30000",
            "error": null,
            "fields": [
              {
                "applied": true,
                "field": "active",
                "from": true,
                "to": false
              }
            ],
            "filter": null,
            "name": "Carl Doe",
            "outcome": "applied",
            "reason": "sign-in blocked",
            "site": null,
            "upn": "carl@contoso.example",
            "user_id": "00000000-0000-4000-8000-5690e87b52f7"
          },
          {
            "action": "update",
            "contact_id": "30001",
            "error": null,
            "fields": [
              {
                "applied": true,
                "field": "title",
                "from": "Engineer",
                "to": "Lead engineer"
              }
            ],
            "filter": null,
            "name": "Jane Doe",
            "outcome": "applied",
            "reason": "title differs",
            "site": null,
            "upn": "jane@contoso.example",
            "user_id": "00000000-0000-4000-8000-95de5a6c6651"
          }
        ],
        "preview": false,
        "run": "[run]",
        "started_at": "[time]",
        "status": "succeeded"
      }
    ]
    "#);
}
