//! The grammar of expressions. Names and values stay as they are written: what they stand for is looked at afterwards, as AWS
//! tells an error of syntax first.
//!
//! AWS: developer guide, "Condition and filter expressions, operators, and functions in `DynamoDB`".

use super::{
    parser::{Grammar, Parser, Step},
    token::Kind,
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

const CONDITION: Grammar = Grammar {
    keywords: &["AND", "BETWEEN", "IN", "NOT", "OR"],
    sums: false,
};

const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

impl<'a> Parser<'a> {
    /// A condition that is the whole expression.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn condition(expression: &'a str) -> Result<Node<'a>, String> {
        let mut parser = Self::new(expression, &CONDITION);
        let node = parser.or()?;
        parser.as_condition(node).and_then(|node| parser.end(node))
    }

    // These call themselves for every parenthesis: their stack frames are kept small.
    fn or(&mut self) -> Result<Node<'a>, String> {
        let mut left = self.and()?;
        while self.keyword("OR") {
            self.count_operator()?;
            let right = self.and()?;
            left = Node::Or(self.both(left, right)?);
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node<'a>, String> {
        let mut left = self.not()?;
        while self.keyword("AND") {
            self.count_operator()?;
            let right = self.not()?;
            left = Node::And(self.both(left, right)?);
        }
        Ok(left)
    }

    fn both(&self, left: Node<'a>, right: Node<'a>) -> Result<Box<(Node<'a>, Node<'a>)>, String> {
        let left = self.as_condition(left)?;
        Ok(Box::new((left, self.as_condition(right)?)))
    }

    fn not(&mut self) -> Result<Node<'a>, String> {
        if self.keyword("NOT") {
            self.count_operator()?;
            let node = self.not()?;
            return Ok(Node::Not(Box::new(self.as_condition(node)?)));
        }
        let left = self.sum()?;
        self.comparison(left)
    }

    fn comparison(&mut self, left: Node<'a>) -> Result<Node<'a>, String> {
        let token = self.current();
        if token.kind == Kind::Symbol && COMPARATORS.contains(&token.text) {
            let left = self.as_operand(left)?;
            self.next();
            self.count_operator()?;
            return Ok(Node::Compare(token.text, Box::new((left, self.operand()?))));
        }
        if self.keyword("BETWEEN") {
            self.count_operator()?;
            let low = self.operand()?;
            if !self.keyword("AND") {
                return Err(self.syntax_error());
            }
            let high = self.operand()?;
            return Ok(Node::Between(Box::new((self.as_operand(left)?, low, high))));
        }
        if self.keyword("IN") {
            self.count_operator()?;
            self.expect("(")?;
            let members = self.list(Self::operand)?;
            self.expect(")")?;
            return Ok(Node::In(Box::new(self.as_operand(left)?), members));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Node<'a>, String> {
        let left = self.primary()?;
        if self.grammar.sums {
            return self.added(left);
        }
        Ok(left)
    }

    fn added(&mut self, left: Node<'a>) -> Result<Node<'a>, String> {
        let sign = self.current().text;
        if self.symbol("+") || self.symbol("-") {
            let left = self.as_operand(left)?;
            self.count_operator()?;
            return Ok(Node::Sum(sign, Box::new((left, self.operand()?))));
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Node<'a>, String> {
        if let Some(open) = self.open()? {
            let node = self.or()?;
            self.close(open)?;
            return Ok(node);
        }
        self.named()
    }

    fn named(&mut self) -> Result<Node<'a>, String> {
        if self.is_call() {
            return self.call();
        }
        match self.current().kind {
            Kind::Value => self.value().map(Node::Value),
            _ => self.path().map(Node::Path),
        }
    }

    fn call(&mut self) -> Result<Node<'a>, String> {
        let name = self.next().text;
        self.count_operator()?;
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

    /// What stands beside an operator or in a function.
    ///
    /// # Errors
    /// Of syntax.
    pub(super) fn operand(&mut self) -> Result<Node<'a>, String> {
        let node = self.primary()?;
        self.as_operand(node)
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
}
