//! What is done on a stage, and how it looks afterwards: runs, links, holds and the history.

use std::sync::Mutex;

use rollcall::app::{OF_COMPANY, OF_PSA};
use rollcall::db::holds::Signed;
use rollcall::db::{self, changes, holds, links, runs as run_rows, tenant_connections};
use rollcall::model::{Calls, Company, Link, Mode, PsaCompanyId, PsaConnection, UserId};
use rollcall::runs::{self, Event};
use rollcall::simulator::kit::Running;
use rollcall::sync::report::Report;
use rollcall::sync::turn::{Sharing, Turn};
use rollcall::sync::{Finished, Options};

use super::{Plain, SECRET, Stage, put_secret};

impl Stage {
    /// An update.
    pub async fn sync(&self) -> Report {
        self.run(Options::new(Mode::Update, false)).await.report
    }

    /// A run of this company is going, as far as others can tell, until what comes back is given back.
    pub async fn going(&self, company: i64) -> Turn {
        let place = (self.app.db(), self.app.clock());
        let claim = Turn::of_company(company);
        let name = (claim.as_str(), Sharing::Alone);
        let turn = Turn::take(self.app.turns(), place, name, || async {});
        turn.await.unwrap()
    }

    /// A preview of an update.
    pub async fn preview(&self) -> Report {
        self.run(Options::new(Mode::Update, true)).await.report
    }

    /// Any run, after which the calls of the report are those of the clouds' logs.
    pub async fn run(&self, options: Options) -> Finished {
        let company = self.company().await;
        self.counting(async {
            let finished = runs::one(&self.app, &company, &options, &|_, _| ()).await;
            let calls = finished.report.calls;
            (finished, calls)
        })
        .await
    }

    /// Approves the open hold.
    pub async fn approve(&self) -> Report {
        let company = self.company().await;
        self.counting(async {
            let shown = self.held_ids().await;
            let signed = Signed {
                staff: "Ann".into(),
                note: None,
            };
            let approving = runs::approve(&self.app, &company, &shown, &signed, &|_, _| ());
            let finished = Box::pin(approving).await.unwrap();
            let calls = finished.report.calls;
            (finished.report, calls)
        })
        .await
    }

    /// Runs companies together; the reports in the order in which they were finished.
    pub async fn run_all(&self, companies: Vec<Company>) -> Vec<Report> {
        let reports = Mutex::new(Vec::new());
        let options = Options::new(Mode::Update, false);
        self.counting(async {
            runs::all(
                &self.app,
                companies,
                &options,
                &|_: &str, _: Event| (),
                &|done| {
                    reports.lock().unwrap().push(done.report);
                },
            )
            .await;
            let reports = reports.into_inner().unwrap();
            let mut calls = Calls::default();
            for report in &reports {
                calls.login += report.calls.login;
                calls.graph += report.calls.graph;
                calls.psa += report.calls.psa;
            }
            (reports, calls)
        })
        .await
    }

    /// The stage's company and further ones, so many in all, on the same connections.
    pub async fn fleet(&self, companies: i64) -> Vec<Company> {
        let first = self.company().await;
        let mut all = vec![first];
        for number in 1..companies {
            all.push(self.add_company(number, self.psa_id).await);
        }
        all
    }

    /// A further company, of this PSA connection and with the stage's tenant.
    pub async fn add_company(&self, number: i64, psa: i64) -> Company {
        let first = self.company().await;
        let psa_company = 250 + number;
        let name = format!("Company {number}");
        self.psa.add_company(psa_company, &name);
        let company = Company {
            id: 0,
            name,
            psa_id: psa,
            psa_company_id: PsaCompanyId::new(&psa_company.to_string()),
            ..first.clone()
        };
        let (row, now) = (company.clone(), self.clock.now());
        let id = self
            .write(move |conn| {
                let tenant = tenant_connections::get(conn, first.id)?.unwrap();
                let id = db::companies::insert(conn, &row, now)?;
                tenant_connections::put(conn, id, &tenant, now)?;
                Ok(id)
            })
            .await;
        put_secret(&self.app, OF_COMPANY, id, "client_secret", SECRET).await;
        Company { id, ..company }
    }

    /// A further company of this PSA connection, without a tenant and unknown to the PSA.
    pub async fn add_bare_company(&self, name: &str, psa_company: &str) -> Company {
        let company = Company {
            id: 0,
            name: name.into(),
            psa_company_id: psa_company.into(),
            ..self.company().await
        };
        let (row, now) = (company.clone(), self.clock.now());
        let id = self
            .write(move |conn| db::companies::insert(conn, &row, now))
            .await;
        Company { id, ..company }
    }

    /// A further PSA connection, which leads to the same PSA.
    pub async fn add_psa(&self, name: &str) -> i64 {
        let (connection, secrets) = self.psa.connection();
        let connection = PsaConnection {
            name: name.into(),
            ..connection
        };
        let now = self.clock.now();
        let id = self
            .write(move |conn| db::psa_connections::insert(conn, &connection, now))
            .await;
        for (name, secret) in &secrets {
            put_secret(&self.app, OF_PSA, id, name, secret).await;
        }
        id
    }

    async fn counting<T>(&self, work: impl Future<Output = (T, Calls)>) -> T {
        let before = self.requests();
        let (result, calls) = work.await;
        let after = self.requests();
        let arrived = Calls {
            login: after.login - before.login,
            graph: after.graph - before.graph,
            psa: after.psa - before.psa,
        };
        assert_eq!(
            calls, arrived,
            "the report's calls against the clouds' logs"
        );
        result
    }

    /// The requests that the clouds have seen.
    pub fn requests(&self) -> Calls {
        let count = |running: &Running| u64::try_from(running.controls.requests()).unwrap();
        Calls {
            login: count(&self.login),
            graph: count(&self.graph),
            psa: count(&self.psa.running),
        }
    }

    /// The links in force, as user principal name, contact id and how it was made.
    pub async fn links(&self) -> Vec<(String, String, String)> {
        let mut links: Vec<_> = self
            .link_rows()
            .await
            .into_iter()
            .map(|link| {
                (
                    link.upn,
                    link.contact_id.to_string(),
                    link.made.as_str().to_owned(),
                )
            })
            .collect();
        links.sort();
        links
    }

    /// The links in force.
    pub async fn link_rows(&self) -> Vec<Link> {
        let company = self.company().await;
        let id = company.id;
        let tenant = self
            .read(move |conn| tenant_connections::get(conn, id))
            .await
            .unwrap();
        self.read(move |conn| links::in_force(conn, id, &tenant.tenant_id, &company.psa_company_id))
            .await
    }

    /// The people of the open hold.
    pub async fn held_ids(&self) -> Vec<UserId> {
        let id = self.company_id;
        let hold = self.read(move |conn| holds::open_of(conn, id)).await;
        let people = hold.into_iter().flat_map(|hold| hold.people);
        people.map(|person| person.user_id).collect()
    }

    /// The people of the open hold, by user principal name.
    pub async fn held(&self) -> Option<Vec<String>> {
        let id = self.company_id;
        let hold = self.read(move |conn| holds::open_of(conn, id)).await?;
        let mut people: Vec<_> = hold.people.into_iter().map(|person| person.upn).collect();
        people.sort();
        Some(people)
    }

    /// Every line of the history, oldest first.
    pub async fn history(&self) -> Vec<changes::ChangeRecord> {
        let id = self.company_id;
        self.read(move |conn| {
            let mut lines = Vec::new();
            for run in run_rows::list(conn, id, i64::MAX)?.into_iter().rev() {
                lines.extend(changes::of_run(conn, &run.id)?);
            }
            Ok(lines)
        })
        .await
    }

    /// Every run, oldest first.
    pub async fn runs(&self) -> Vec<run_rows::Run> {
        let id = self.company_id;
        let mut runs = self
            .read(move |conn| run_rows::list(conn, id, i64::MAX))
            .await;
        runs.reverse();
        runs
    }

    /// What the company's requests came to: the states of all that were ever journaled.
    pub async fn states(&self) -> Vec<db::writes::WriteState> {
        let id = self.company_id;
        self.read(move |conn| {
            let mut states = Vec::new();
            for run in run_rows::list(conn, id, i64::MAX)?.into_iter().rev() {
                let writes = db::writes::of_run(conn, &run.id)?;
                states.extend(writes.into_iter().map(|write| write.state));
            }
            Ok(states)
        })
        .await
    }

    /// One contact as stored, by its address.
    pub fn stored(&self, email: &str) -> Plain {
        let mut fitting = self.psa.look();
        fitting.retain(|contact| contact.email.as_deref() == Some(email));
        assert_eq!(fitting.len(), 1, "contacts with {email}");
        fitting.remove(0)
    }
}
