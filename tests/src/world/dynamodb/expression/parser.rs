//! The grammar of expressions. Names and values stay as they are written: what they stand for is looked at afterwards, as AWS
//! tells an error of syntax first.
//!
//! AWS: developer guide, "Condition and filter expressions, operators, and functions in `DynamoDB`".

use super::{
    reserved::is_reserved,
    token::{Kind, Token, tokens},
};

/// A part of an expression as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node<'a> {
    Path(Vec<Step<'a>>),
    Value(&'a str),
    Call(&'a str, Vec<Node<'a>>),
    Compare(&'a str, Box<(Node<'a>, Node<'a>)>),
    Between(Box<(Node<'a>, Node<'a>, Node<'a>)>),
    In(Box<Node<'a>>, Vec<Node<'a>>),
    /// Of an update: two operands with `+` or `-` between them.
    Sum(&'a str, Box<(Node<'a>, Node<'a>)>),
    Not(Box<Node<'a>>),
    And(Box<(Node<'a>, Node<'a>)>),
    Or(Box<(Node<'a>, Node<'a>)>),
}

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

const CONDITION: Grammar = Grammar {
    keywords: &["AND", "BETWEEN", "IN", "NOT", "OR"],
    sums: false,
};

/// Goes through an expression.
pub(super) struct Parser<'a> {
    expression: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    grammar: &'static Grammar,
    /// The pair of parentheses that closed last, by the indexes of its tokens.
    parentheses: (usize, usize),
    redundant_parentheses: bool,
    reserved: Option<&'a str>,
}

const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

impl<'a> Parser<'a> {
    pub(super) fn new(expression: &'a str, grammar: &'static Grammar) -> Self {
        Self {
            expression,
            tokens: tokens(expression),
            at: 0,
            grammar,
            parentheses: (0, 0),
            redundant_parentheses: false,
            reserved: None,
        }
    }

    /// A condition that is the whole expression.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn condition(expression: &'a str) -> Result<Node<'a>, String> {
        let mut parser = Self::new(expression, &CONDITION);
        let node = parser.or()?;
        parser.as_condition(node).and_then(|node| parser.end(node))
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

    fn or(&mut self) -> Result<Node<'a>, String> {
        let mut left = self.and()?;
        while self.keyword("OR") {
            let right = self.and()?;
            left = Node::Or(Box::new((
                self.as_condition(left)?,
                self.as_condition(right)?,
            )));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node<'a>, String> {
        let mut left = self.not()?;
        while self.keyword("AND") {
            let right = self.not()?;
            left = Node::And(Box::new((
                self.as_condition(left)?,
                self.as_condition(right)?,
            )));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node<'a>, String> {
        if self.keyword("NOT") {
            let node = self.not()?;
            return Ok(Node::Not(Box::new(self.as_condition(node)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Node<'a>, String> {
        let left = self.sum()?;
        let token = self.current();
        if token.kind == Kind::Symbol && COMPARATORS.contains(&token.text) {
            let left = self.as_operand(left)?;
            self.at += 1;
            return Ok(Node::Compare(token.text, Box::new((left, self.operand()?))));
        }
        if self.keyword("BETWEEN") {
            let low = self.operand()?;
            if !self.keyword("AND") {
                return Err(self.syntax_error());
            }
            let high = self.operand()?;
            return Ok(Node::Between(Box::new((self.as_operand(left)?, low, high))));
        }
        if self.keyword("IN") {
            self.expect("(")?;
            let members = self.list(Self::operand)?;
            self.expect(")")?;
            return Ok(Node::In(Box::new(self.as_operand(left)?), members));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Node<'a>, String> {
        let left = self.primary()?;
        let sign = self.current().text;
        if self.grammar.sums && (self.symbol("+") || self.symbol("-")) {
            let left = self.as_operand(left)?;
            return Ok(Node::Sum(sign, Box::new((left, self.operand()?))));
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Node<'a>, String> {
        if self.symbol("(") {
            let open = self.at - 1;
            let node = self.or()?;
            self.redundant_parentheses |= self.parentheses == (open + 1, self.at - 1);
            self.expect(")")?;
            self.parentheses = (open, self.at - 1);
            return Ok(node);
        }
        match self.current().kind {
            Kind::Value => Ok(Node::Value(self.next().text)),
            Kind::Word
                if self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.text == "(") =>
            {
                self.call()
            }
            _ => self.path().map(Node::Path),
        }
    }

    fn call(&mut self) -> Result<Node<'a>, String> {
        let name = self.next().text;
        self.expect("(")?;
        let arguments = self.list(Self::operand)?;
        self.expect(")")?;
        Ok(Node::Call(name, arguments))
    }

    /// What an attribute is set to: an operand or a sum.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn set_value(&mut self) -> Result<Node<'a>, String> {
        match self.sum()? {
            sum @ Node::Sum(..) => Ok(sum),
            other => self.as_operand(other),
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

    /// What stands beside an operator or in a function.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn operand(&mut self) -> Result<Node<'a>, String> {
        let node = self.primary()?;
        self.as_operand(node)
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
                let index = self.current();
                let number = index
                    .text
                    .parse()
                    .ok()
                    .filter(|_| index.kind == Kind::Index);
                steps.push(Step::Index(number.ok_or_else(|| self.syntax_error())?));
                self.at += 1;
                self.expect("]")?;
            } else {
                return Ok(steps);
            }
        }
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

    fn as_condition(&self, node: Node<'a>) -> Result<Node<'a>, String> {
        match node {
            Node::Path(_) | Node::Value(_) | Node::Sum(..) => Err(self.syntax_error()),
            node => Ok(node),
        }
    }

    fn as_operand(&self, node: Node<'a>) -> Result<Node<'a>, String> {
        match node {
            Node::Path(_) | Node::Value(_) | Node::Call(..) => Ok(node),
            _ => Err(self.syntax_error()),
        }
    }

    /// The token that comes next.
    pub(super) fn current(&self) -> Token<'a> {
        self.tokens[self.at]
    }

    fn next(&mut self) -> Token<'a> {
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

    fn is_symbol(&self, symbol: &str) -> bool {
        let token = self.current();
        token.kind == Kind::Symbol && token.text == symbol
    }

    /// Takes a symbol if it comes next.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
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
