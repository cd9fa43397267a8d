//! The end of the demo: its portal, with the fleet in it, a company that waits to be added, and the MSP's own Microsoft app.

use std::net::TcpListener;

use super::super::output::{say, say_wrapped};
use super::super::serve;
use super::clouds::Clouds;
use crate::app::App;
use crate::connections::{self, MicrosoftForm, NewSecret};
use crate::{auth, db, jobs};

/// Opens the portal, says where it is, and serves until Ctrl-C.
pub(super) async fn open(app: &App, clouds: &Clouds, listener: TcpListener) -> anyhow::Result<()> {
    let url = app.config().portal_url();
    prepare(app, clouds, &url).await?;
    let token = auth::make_link(app, None).await?;
    let newcomer = &clouds.newcomer.name;
    say("");
    say(
        "The portal is open, with this fleet in it. This link works once, and makes you its administrator:",
    );
    say("");
    say(&format!("    {url}/welcome/{token}"));
    say("");
    say(&format!(
        "Add {newcomer} there: its company is in ConnectWise, and its tenant waits for consent."
    ));
    let minutes = jobs::AFTER_A_SAVE.num_minutes();
    say_wrapped(
        &format!(
            "Runs begin by themselves: each company's {minutes} minutes after the fleet file was applied, as after every save, and \
             then one a day. They find nothing to do until something changes."
        ),
        0,
        0,
    );
    say("Everything stays up until Ctrl-C.");
    serve::serve(app, listener).await?;
    Ok(())
}

/// What an administrator would have set up before: addresses of this machine are allowed, and the MSP's own app is registered
/// with the portal's address.
async fn prepare(app: &App, clouds: &Clouds, url: &str) -> anyhow::Result<()> {
    let shared = &clouds.shared_app;
    clouds.register_shared_app(&format!("{url}/consent"));
    app.db()
        .write(|conn| db::settings::allow_private_psa_addresses(conn, true))
        .await?;
    let form = MicrosoftForm {
        client_id: shared.client_id.clone(),
        secret: NewSecret::Secret(shared.client_secret.clone().into()),
        expires: None,
    };
    connections::save_microsoft_app(app, &form, 0, "demo")
        .await
        .map_err(|error| anyhow::anyhow!(error.message))?;
    Ok(())
}
