//! Goes through the words of an expression, and reads the paths in it.

use super::{
    reserved::is_reserved,
    token::{Kind, Token, tokens},
};

/// A step of a path as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Name(&'a str),
    Placeholder(&'a str),
    Index(usize),
}

/// What differs between kinds of expressions.
#[derive(Debug)]
pub(super) struct Grammar {
    /// Words that cannot be the name of an attribute.
    pub(super) keywords: &'static [&'static str],
    /// Whether there are sums.
    pub(super) sums: bool,
}

/// Goes through an expression.
pub(super) struct Parser<'a> {
    expression: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    pub(super) grammar: &'static Grammar,
    /// The pair of parentheses that closed last, by the indexes of its tokens.
    parentheses: (usize, usize),
    redundant_parentheses: bool,
    /// How many parentheses are open.
    depth: usize,
    /// How many operators and functions there have been.
    operators: usize,
    reserved: Option<&'a str>,
}

/// AWS: quotas, "Expression parameters".
const MOST_OPERATORS: usize = 300;

impl<'a> Parser<'a> {
    pub(super) fn new(expression: &'a str, grammar: &'static Grammar) -> Self {
        Self {
            expression,
            tokens: tokens(expression),
            at: 0,
            grammar,
            parentheses: (0, 0),
            redundant_parentheses: false,
            depth: 0,
            operators: 0,
            reserved: None,
        }
    }

    /// What was read, if nothing is left and no name is reserved.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn end<T>(&self, read: T) -> Result<T, String> {
        if self.current().kind != Kind::End {
            return Err(self.syntax_error());
        }
        if self.redundant_parentheses {
            return Err("The expression has redundant parentheses;".to_owned());
        }
        match self.reserved {
            Some(name) => Err(format!(
                "Attribute name is a reserved keyword; reserved keyword: {name}"
            )),
            None => Ok(read),
        }
    }

    /// The placeholder of a value.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn value(&mut self) -> Result<&'a str, String> {
        if self.current().kind == Kind::Value {
            Ok(self.next().text)
        } else {
            Err(self.syntax_error())
        }
    }

    /// A path.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn path(&mut self) -> Result<Vec<Step<'a>>, String> {
        let mut steps = vec![self.name()?];
        loop {
            if self.symbol(".") {
                steps.push(self.name()?);
            } else if self.symbol("[") {
                steps.push(self.index()?);
                self.expect("]")?;
            } else {
                return Ok(steps);
            }
        }
    }

    fn index(&mut self) -> Result<Step<'a>, String> {
        let token = self.current();
        if token.kind != Kind::Index {
            return Err(self.syntax_error());
        }
        self.at += 1;
        // As in AWS's client of its cache, which checks what DynamoDB does (`DAX`, "LIST_INDEX_OUTSIDE_RANGE").
        let index = token.text.parse::<i32>().ok();
        let index = index.and_then(|index| usize::try_from(index).ok());
        index.map(Step::Index).ok_or_else(|| {
            format!(
                "List index is not within the allowable range; index: [{}]",
                token.text
            )
        })
    }

    fn name(&mut self) -> Result<Step<'a>, String> {
        let token = self.current();
        match token.kind {
            Kind::Name => {
                self.at += 1;
                Ok(Step::Placeholder(token.text))
            }
            Kind::Word if !self.is_keyword(token.text) => {
                self.at += 1;
                if is_reserved(token.text) {
                    self.reserved.get_or_insert(token.text);
                }
                Ok(Step::Name(token.text))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// One or more, with commas between them.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn list<T>(
        &mut self,
        member: impl Fn(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut members = vec![member(self)?];
        while self.symbol(",") {
            members.push(member(self)?);
        }
        Ok(members)
    }

    /// The token that comes next.
    pub(super) fn current(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    /// Takes the token that comes next.
    pub(super) fn next(&mut self) -> Token<'a> {
        let token = self.current();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn is_keyword(&self, word: &str) -> bool {
        self.grammar
            .keywords
            .iter()
            .any(|keyword| keyword.eq_ignore_ascii_case(word))
    }

    /// Takes a keyword if it comes next.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let token = self.current();
        let found = token.kind == Kind::Word && token.text.eq_ignore_ascii_case(keyword);
        self.at += usize::from(found);
        found
    }

    /// Takes a symbol if it comes next.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let token = self.current();
        let found = token.kind == Kind::Symbol && token.text == symbol;
        self.at += usize::from(found);
        found
    }

    /// Takes an opening parenthesis if it comes next, and answers where that is.
    ///
    /// # Errors
    /// If too many are open.
    pub(super) fn open(&mut self) -> Result<Option<usize>, String> {
        if !self.symbol("(") {
            return Ok(None);
        }
        self.depth += 1;
        check_operators(self.depth)?;
        Ok(Some(self.at - 1))
    }

    /// Takes the parenthesis that closes the one that was opened there.
    ///
    /// # Errors
    /// If another token comes next.
    pub(super) fn close(&mut self, open: usize) -> Result<(), String> {
        self.redundant_parentheses |= self.parentheses == (open + 1, self.at - 1);
        self.expect(")")?;
        self.depth -= 1;
        self.parentheses = (open, self.at - 1);
        Ok(())
    }

    /// Whether a function comes next.
    pub(super) fn is_call(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        self.current().kind == Kind::Word && next.is_some_and(|next| next.text == "(")
    }

    /// Takes a symbol.
    ///
    /// # Errors
    /// If another token comes next.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.syntax_error())
        }
    }

    /// # Errors
    /// If there have been too many.
    pub(super) fn count_operator(&mut self) -> Result<(), String> {
        self.operators += 1;
        check_operators(self.operators)
    }

    /// The current token is one too many: AWS names it with those beside it.
    pub(super) fn syntax_error(&self) -> String {
        let token = self.current();
        let first = self.tokens[self.at.saturating_sub(1)];
        let last = self.tokens.get(self.at + 1).unwrap_or(&token);
        let end = if last.kind == Kind::End {
            self.expression.trim_end().len()
        } else {
            last.end()
        };
        let near = &self.expression[first.start.min(end)..end];
        format!("Syntax error; token: \"{}\", near: \"{near}\"", token.text)
    }
}

/// A choice: parentheses that are nested deeper than there may be operators are told as too many operators.
fn check_operators(count: usize) -> Result<(), String> {
    if count <= MOST_OPERATORS {
        return Ok(());
    }
    Err(format!(
        "The expression contains too many operators; operator count: {count}"
    ))
}
