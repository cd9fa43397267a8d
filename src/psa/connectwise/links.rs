//! Reads `Link` headers (RFC 8288), as far as paging looks at them. It never gives an address away: none is followed.

use reqwest::header::{HeaderMap, LINK};

/// Whether there is a next page: a `Link` of relation `next` whose target is not empty.
///
/// In forward-only paging the last page has no such link, or one with an empty target ("PSA Pagination").
pub(super) fn names_a_next_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(has_next)
}

fn has_next(header: &str) -> bool {
    let mut rest = header;
    while let Some((_, opened)) = rest.split_once('<') {
        let Some((target, after)) = opened.split_once('>') else {
            return false;
        };
        let parameters = after.split('<').next().unwrap_or_default();
        if !target.trim().is_empty() && is_next(parameters) {
            return true;
        }
        rest = after;
    }
    false
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            let relations = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && relations
                    .split_whitespace()
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_link_counts_only_with_a_target() {
        for (header, next) in [
            (
                r#"<https://a.example/x?pageId=5&fields=id,name>; rel="next""#,
                true,
            ),
            (
                r#"<https://a.example/1>; rel="first", <https://a.example/2>; rel=next"#,
                true,
            ),
            (r#"<>; rel="next""#, false),
            (
                r#"< >; rel="next", <https://a.example/1>; rel="first""#,
                false,
            ),
            (r#"<https://a.example/1>; rel="last""#, false),
            (r#"<https://a.example/next>; title="next""#, false),
            ("", false),
            ("<broken; rel=next", false),
        ] {
            assert_eq!(has_next(header), next, "{header}");
        }
    }
}
