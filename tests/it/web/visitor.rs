//! Somebody with a browser that runs no script: keeps cookies, sends forms with their token.

use std::sync::Mutex;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use rollcall::app::App;
use rollcall::auth;
use rollcall::model::Role;
use rollcall::web;

/// A portal that listens on a port of its own; it ends with its app's stop.
pub struct Site {
    pub url: String,
    pub app: App,
}

impl Site {
    /// Serves this app's portal.
    pub fn start(app: &App) -> Self {
        let listener = web::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(web::serve(app.clone(), listener));
        Self {
            url,
            app: app.clone(),
        }
    }

    /// A visitor who is not signed in.
    pub fn visitor(&self) -> Visitor {
        Visitor::of(&self.url)
    }

    /// The same person in another window.
    pub fn visitor_like(&self, other: &Visitor) -> Visitor {
        let visitor = self.visitor();
        visitor.take_cookie(other.cookie());
        visitor
    }

    /// A visitor who is signed in with this role, under the role's own name.
    pub async fn signed_in(&self, role: Role) -> Visitor {
        let (name, password) = (role.label(), "correct horse battery");
        let (_, token) = auth::add(&self.app, "Ann", name, role)
            .await
            .unwrap()
            .unwrap();
        let chosen = auth::use_link(&self.app, &token, name, &password.into()).await;
        chosen.unwrap().unwrap();
        let visitor = self.visitor();
        let answer = visitor
            .post("/sign-in", &[("name", name), ("password", password)])
            .await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        visitor
    }
}

/// Somebody with a browser.
pub struct Visitor {
    url: String,
    client: reqwest::Client,
    cookie: Mutex<Option<String>>,
}

/// What the portal answered.
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Visitor {
    /// A visitor of the portal at this address, who is not signed in.
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    pub fn of(url: &str) -> Self {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy();
        Self {
            url: url.to_owned(),
            client: client.build().unwrap(),
            cookie: Mutex::default(),
        }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("{}{path}", self.url)))
            .await
    }

    /// Asks for a page with a header of the asker's.
    pub async fn get_as(&self, path: &str, header: Option<(&'static str, &'static str)>) -> Answer {
        let mut request = self.client.get(format!("{}{path}", self.url));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        self.send(request).await
    }

    /// Asks for the head of a page.
    pub async fn head(&self, path: &str) -> Answer {
        self.send(self.client.head(format!("{}{path}", self.url)))
            .await
    }

    /// Sends a form with the token of this visitor's session.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Searches the list at this path, with the other choices in its query; the address of what was found.
    pub async fn search(&self, path: &str, text: &str) -> String {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut fields = vec![("to", path), ("search", text)];
        fields.extend(pairs);
        let answer = self.post("/search", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.location.unwrap()
    }

    /// Searches, and opens what was found.
    pub async fn found(&self, path: &str, text: &str) -> Answer {
        let to = self.search(path, text).await;
        self.get(&to).await
    }

    /// Sends a form as it is.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).form(fields);
        self.send(request).await
    }

    /// Sends a form as it is, with a header of the browser's.
    pub async fn post_as(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        (name, value): (&'static str, &'static str),
    ) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).form(fields);
        self.send(request.header(name, value)).await
    }

    /// The token of this visitor's session.
    pub async fn token(&self) -> String {
        let mut answer = self.get("/sign-in").await;
        if answer.status != 200 {
            answer = self.get("/account").await;
        }
        let mark = "name=\"csrf\" value=\"";
        let at = answer.text.find(mark).expect("a form with a token") + mark.len();
        answer.text[at..].split('"').next().unwrap().to_owned()
    }

    /// The cookie as it is sent.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    /// Takes a cookie for one's own.
    pub fn take_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a browser does not go through the client"
    )]
    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = self.cookie() {
            request = request.header(COOKIE, cookie);
        }
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            let gone = pair.ends_with('=');
            self.take_cookie((!gone).then_some(pair));
        }
        Answer {
            status: answer.status().as_u16(),
            location: answer
                .headers()
                .get(LOCATION)
                .map(|to| to.to_str().unwrap().to_owned()),
            headers: answer.headers().clone(),
            // Where a browser may begin a new line is no part of a text.
            text: answer.text().await.unwrap().replace("<wbr>", ""),
        }
    }
}
