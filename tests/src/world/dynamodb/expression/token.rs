//! The words of an expression.

/// One word and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The name of an attribute or of a function, or a keyword.
    Word,
    /// `#name`
    Name,
    /// `:value`
    Value,
    /// The digits of an index.
    Index,
    /// `=`, `<=`, `(` and so on.
    Symbol,
    /// What has no place in an expression.
    Unknown,
    /// The end.
    End,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The tokens of an expression, the end included.
pub(super) fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = expression[start..].chars().next() {
        let rest = &expression[start..];
        if first.is_ascii_whitespace() {
            start += 1;
            continue;
        }
        let (kind, length) = token(first, rest);
        tokens.push(Token {
            kind,
            text: &rest[..length],
            start,
        });
        start += length;
    }
    tokens.push(Token {
        kind: Kind::End,
        text: "<EOF>",
        start: expression.len(),
    });
    tokens
}

fn token(first: char, rest: &str) -> (Kind, usize) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let run = |from: usize, part: &dyn Fn(char) -> bool| {
        from + rest[from..].find(|c| !part(c)).unwrap_or(rest.len() - from)
    };
    match first {
        '#' | ':' if run(1, &word) > 1 => {
            let kind = if first == '#' {
                Kind::Name
            } else {
                Kind::Value
            };
            (kind, run(1, &word))
        }
        '0'..='9' => (Kind::Index, run(0, &|c| c.is_ascii_digit())),
        _ if word(first) => (Kind::Word, run(0, &word)),
        '<' | '>' if rest[1..].starts_with('=') || rest.starts_with("<>") => (Kind::Symbol, 2),
        '=' | '<' | '>' | '(' | ')' | '[' | ']' | '.' | ',' | '+' | '-' => (Kind::Symbol, 1),
        _ => (Kind::Unknown, first.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_expression_falls_into_its_words() {
        let tokens = tokens("#a.b[10]<=:v_1 AND size(x)<>:w");
        let texts: Vec<_> = tokens.iter().map(|token| token.text).collect();
        let wanted = [
            "#a", ".", "b", "[", "10", "]", "<=", ":v_1", "AND", "size", "(", "x", ")", "<>", ":w",
            "<EOF>",
        ];
        assert_eq!(texts, wanted);
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_left_out(expression in ".{0,40}") {
            let mut end = 0;
            for token in tokens(&expression) {
                prop_assert!(expression[end..token.start].bytes().all(|byte| byte.is_ascii_whitespace()));
                if token.kind != Kind::End {
                    prop_assert_eq!(token.text, &expression[token.start..token.end()]);
                    end = token.end();
                }
            }
        }
    }
}
