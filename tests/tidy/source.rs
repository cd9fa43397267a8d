//! Rust source as the rules look at it: without comments and literals, as words and paths with
//! their lines. It reads just enough of the language for that and must not grow into a parser.

/// A file of the project and where it is, seen from the project's folder.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// A word, number or sign of the code; `::` is one.
pub struct Token {
    pub line: usize,
    pub text: String,
}

/// A path such as `crate::model::User`, also each one of a grouped `use`.
pub struct Path {
    pub line: usize,
    pub names: Vec<String>,
    /// The names from the root of the crate, where the path leads into it.
    pub in_crate: Option<Vec<String>>,
    /// It stands in a module that only tests have.
    pub in_test: bool,
}

impl Source {
    /// The words and signs outside comments and literals.
    pub fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::new();
        let code = without_comments_and_literals(&self.text);
        for (index, line) in code.lines().enumerate() {
            let mut rest = line.trim_start();
            while let Some(first) = rest.chars().next() {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let end = if word(first) {
                    rest.find(|c| !word(c)).unwrap_or(rest.len())
                } else if rest.starts_with("::") {
                    2
                } else {
                    first.len_utf8()
                };
                let (text, after) = rest.split_at(end);
                tokens.push(Token {
                    line: index + 1,
                    text: text.to_owned(),
                });
                rest = after.trim_start();
            }
        }
        tokens
    }

    /// The module that the file is, from the root of the crate.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path == "lib" {
            Vec::new()
        } else {
            path.split('/').map(str::to_owned).collect()
        }
    }

    /// Every path of two names or more.
    pub fn paths(&self) -> Vec<Path> {
        let tokens = self.tokens();
        let text = |at: usize| {
            tokens
                .get(at)
                .map_or("", |token: &Token| token.text.as_str())
        };
        let mut paths = Vec::new();
        let mut modules: Vec<(String, usize, bool)> = Vec::new();
        let (mut depth, mut at, mut only_tests) = (0, 0, false);
        while at < tokens.len() {
            match text(at) {
                "cfg" if (text(at + 1), text(at + 2), text(at + 3)) == ("(", "test", ")") => {
                    only_tests = true;
                }
                "mod" if text(at + 2) == "{" => {
                    modules.push((text(at + 1).to_owned(), depth, only_tests));
                    at += 1;
                }
                "{" => {
                    depth += 1;
                    only_tests = false;
                }
                "}" => {
                    depth -= 1;
                    if modules
                        .last()
                        .is_some_and(|(_, outside, _)| *outside == depth)
                    {
                        modules.pop();
                    }
                }
                ";" => only_tests = false,
                first if is_name(first) && text(at + 1) == "::" => {
                    let mut found = Vec::new();
                    let line = tokens[at].line;
                    at = read_tree(&tokens, at, &[], &mut found);
                    let mut here = self.module();
                    here.extend(modules.iter().map(|(name, ..)| name.clone()));
                    let in_test = self.module().iter().any(|name| name == "tests")
                        || modules.iter().any(|(.., test)| *test);
                    paths.extend(found.into_iter().map(|names| Path {
                        line,
                        in_crate: from_the_root(&names, &here),
                        names,
                        in_test,
                    }));
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        paths
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads the path, or the tree of a grouped `use`, that starts at `at`; returns where it ends.
fn read_tree(
    tokens: &[Token],
    at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let text = |at: usize| {
        tokens
            .get(at)
            .map_or("", |token: &Token| token.text.as_str())
    };
    let mut names = before.to_vec();
    let mut at = at;
    loop {
        names.push(text(at).to_owned());
        at += 1;
        if text(at) != "::" || !(is_name(text(at + 1)) || ["{", "*"].contains(&text(at + 1))) {
            break;
        }
        at += 1;
        if text(at) == "{" {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                if is_name(text(at)) {
                    at = read_tree(tokens, at, &names, found);
                }
                while at < tokens.len() && ![",", "}"].contains(&text(at)) {
                    at += 1;
                }
                if text(at) == "," {
                    at += 1;
                }
            }
            return at + 1;
        }
    }
    found.push(names);
    at
}

/// Resolves `crate`, `self`, `super` and the crate's own name; other paths lead out of the crate.
fn from_the_root(names: &[String], here: &[String]) -> Option<Vec<String>> {
    let mut base = match names.first()?.as_str() {
        "crate" | "rollcall" => Vec::new(),
        "self" | "super" => here.to_vec(),
        _ => return None,
    };
    for (index, name) in names.iter().enumerate() {
        match name.as_str() {
            "super" => drop(base.pop()),
            "crate" | "rollcall" if index == 0 => {}
            "self" | "*" => {}
            _ => base.push(name.clone()),
        }
    }
    Some(base)
}

/// Puts a space for every character of a comment or literal, so that lines stay what they are.
fn without_comments_and_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_comment_or_literal(&chars, at).min(chars.len());
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(
                chars[at..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        }
    }
    code
}

/// Where the comment or literal that starts at `at` ends; `at` itself where none starts.
fn end_of_comment_or_literal(chars: &[char], at: usize) -> usize {
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    let find = |from: usize, what: &[char]| {
        (from..chars.len())
            .find(|at| chars[*at..].starts_with(what))
            .unwrap_or(chars.len())
    };
    match chars[at] {
        '/' if is(at + 1, '/') => find(at, &['\n']),
        '/' if is(at + 1, '*') => {
            let (mut depth, mut at) = (1, at + 2);
            while depth > 0 && at < chars.len() {
                match (chars[at], chars.get(at + 1)) {
                    ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
                    ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
            }
            at
        }
        '"' => {
            let mut at = at + 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at + 1
        }
        'r' if is(at + 1, '"') || is(at + 1, '#') => {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let inside_a_word = at > 0
                && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
                && !['b', 'c'].contains(&chars[at - 1]);
            if inside_a_word || !is(at + 1 + hashes, '"') {
                return at;
            }
            let mut close = vec!['"'];
            close.resize(hashes + 1, '#');
            find(at + 2 + hashes, &close) + close.len()
        }
        '\'' if is(at + 1, '\\') => find(at + 3, &['\'']) + 1,
        '\'' if is(at + 2, '\'') => at + 3,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn paths(path: &str, text: &str) -> Vec<String> {
        let source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let full = |path: super::Path| {
            let note = if path.in_test { " in a test" } else { "" };
            let names = path
                .in_crate
                .map_or(path.names.join("::"), |names| names.join("/"));
            format!("{}: {names}{note}", path.line)
        };
        source.paths().into_iter().map(full).collect()
    }

    #[test]
    fn comments_and_literals_hold_no_paths() {
        let text = "// crate::a::b\n/* crate::a /* crate::b */ crate::c::d */\n\
             const A: &str = \"crate::a \\\" crate::b\";\nconst B: &str = r#\"crate::a\" crate::b\"#;\n\
             const C: char = '\"'; fn f<'a>(x: &'a str) { crate::d::e('\\'') }";
        assert_eq!(paths("src/x.rs", text), ["5: d/e"]);
    }

    #[test]
    fn a_grouped_use_names_each_of_its_modules() {
        let text = "use crate::{\n  model::{User, text as t},\n  http,\n};\nuse std::fmt;";
        assert_eq!(
            paths("src/x.rs", text),
            ["1: model/User", "1: model/text", "1: http", "5: std::fmt"]
        );
    }

    #[test]
    fn super_leads_to_the_module_around() {
        let text = "use super::pair::Pair;\n#[cfg(test)]\nmod tests { use super::*; use super::super::db; }\n\
             fn f() { self::g::h() }";
        assert_eq!(
            paths("src/sync/plan.rs", text),
            [
                "1: sync/pair/Pair",
                "3: sync/plan in a test",
                "3: sync/db in a test",
                "4: sync/plan/g/h"
            ]
        );
    }
}
