//! The stylesheet, scripts and icons that the pages load: embedded in the program, and read from disk in a debug build. Only
//! files of four kinds are served; what is needed by a signed-in person alone does not belong here.
//!
//! They are the files of `static/` and those that `build.rs` fetched from npm, all directly below `/assets/`.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::OnceLock;

use actix_web::http::Method;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Own;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/packages"]
struct Fetched;

/// Bytes of the hash that [`version`] and an [`Asset::etag`] say; each becomes two letters.
const SAID: usize = 8;

/// A file that pages load.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The file.
    pub bytes: Cow<'static, [u8]>,
    /// What it is, for `Content-Type`.
    pub mime: &'static str,
    /// What changes with the file: letters and digits, without quotation marks.
    pub etag: String,
}

/// The file with this name, below `static/` or from npm; none where there is no such file or it is of no kind that is served.
pub fn asset(path: &str) -> Option<Asset> {
    // From disk, rust-embed would find `../static/order.js`, which a release build does not know.
    if path.split('/').any(|name| name.starts_with('.')) {
        return None;
    }
    let mime = mime(path)?;
    let EmbeddedFile { data, metadata } = Own::get(path).or_else(|| Fetched::get(path))?;
    Some(Asset {
        bytes: data,
        mime,
        etag: hex(&metadata.sha256_hash()),
    })
}

/// A short hash over all files. A page asks for `/assets/{file}?v={version}`, which a browser may then keep for good.
///
/// It is taken once a process: who edits a file under a debug build that runs sees it after a forced reload.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut all = Sha256::new();
        for path in Own::iter().chain(Fetched::iter()) {
            if let Some(asset) = asset(&path) {
                all.update(path.as_bytes());
                all.update([0]);
                all.update(asset.etag);
            }
        }
        hex(&all.finalize())
    })
}

/// Adds the route `/assets/{file}`. It needs no sign-in.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/assets/{file:.*}")
            .route(web::get().to(serve))
            .route(web::head().to(serve))
            .route(web::route().to(|| async {
                HttpResponse::MethodNotAllowed()
                    .insert_header(header::Allow(vec![Method::GET, Method::HEAD]))
                    .finish()
            })),
    );
}

/// Answers with the file that the path names: 404 where there is none, 304 where the browser has it.
async fn serve(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    let Some(asset) = asset(&file) else {
        return HttpResponse::NotFound()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish();
    };
    let asked = format!("v={}", version());
    let kept = if request.query_string() == asked {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let tag = EntityTag::new_strong(asset.etag);
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|other| other.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut answer = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((header::CACHE_CONTROL, kept))
        .insert_header(header::ETag(tag))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if known {
        return answer.finish();
    }
    answer.content_type(asset.mime);
    match asset.bytes {
        Cow::Borrowed(bytes) => answer.body(bytes),
        Cow::Owned(bytes) => answer.body(bytes),
    }
}

/// The kinds that are served. The lists of npm packages, which lie in the same folder, are none.
fn mime(path: &str) -> Option<&'static str> {
    let (_, end) = path.rsplit_once('.')?;
    match end {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter()
        .take(SAID)
        .fold(String::new(), |mut text, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderMap;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    async fn ask(request: TestRequest) -> (StatusCode, HeaderMap, web::Bytes) {
        let app = init_service(actix_web::App::new().configure(routes)).await;
        let answer = call_service(&app, request.to_request()).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, read_body(answer).await)
    }

    fn said<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn a_script_of_ours_and_those_from_npm_are_served() {
        for (file, says) in [
            ("order.js", "data-order"),
            ("htmx.min.js", "htmx"),
            ("Sortable.min.js", "Sortable"),
        ] {
            let (status, headers, body) =
                ask(TestRequest::with_uri(&format!("/assets/{file}"))).await;
            assert_eq!(status, StatusCode::OK, "{file}");
            assert_eq!(
                said(&headers, "content-type"),
                "text/javascript; charset=utf-8"
            );
            assert_eq!(said(&headers, "x-content-type-options"), "nosniff");
            assert_eq!(said(&headers, "cache-control"), "no-cache");
            assert!(String::from_utf8_lossy(&body).contains(says), "{file}");
        }
    }

    #[tokio::test]
    async fn only_the_right_version_is_kept_for_good() {
        let kept = |query: String| async move {
            let (_, headers, _) =
                ask(TestRequest::with_uri(&format!("/assets/order.js{query}"))).await;
            said(&headers, "cache-control").to_owned()
        };
        let right = format!("?v={}", version());
        assert_eq!(kept(right).await, "public, max-age=31536000, immutable");
        assert_eq!(kept("?v=0123456789abcdef".to_owned()).await, "no-cache");
        assert_eq!(kept("?v=".to_owned()).await, "no-cache");
        assert_eq!(version().len(), 2 * SAID);
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let (_, headers, _) = ask(TestRequest::with_uri("/assets/order.js")).await;
        let tag = said(&headers, "etag").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let request = TestRequest::with_uri("/assets/order.js");
            let (status, headers, body) =
                ask(request.insert_header(("if-none-match", known))).await;
            assert_eq!(status, StatusCode::NOT_MODIFIED);
            assert_eq!(said(&headers, "etag"), tag);
            assert!(body.is_empty());
        }
        let request = TestRequest::with_uri("/assets/order.js");
        let (status, _, _) = ask(request.insert_header(("if-none-match", "\"other\""))).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn what_is_no_asset_is_not_found() {
        for file in [
            "",
            "none.css",
            "package.json",
            "package-lock.json",
            "axe.min.js",
            "../static/order.js",
            "..%2fstatic%2forder.js",
            "..%2f..%2ftests%2fit%2fmain.rs",
            "order.js%00.css",
        ] {
            let (status, _, _) = ask(TestRequest::with_uri(&format!("/assets/{file}"))).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{file}");
        }
        let (status, headers, _) = ask(TestRequest::post().uri("/assets/order.js")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(said(&headers, "allow"), "GET, HEAD");
    }
}
