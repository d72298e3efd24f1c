//! Parses a sent query: its fields and arguments, with their positions in the text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use wandb_core::operation::{Argument, Field};

use super::token::{Token, tokens};

/// The fields and arguments of a query, with their positions in its text.
///
/// Parses only what cynic writes: one operation without named fragments or directives.
#[derive(Debug, Default)]
pub(crate) struct QueryText<'a> {
    pub(crate) fields: Vec<QueryField<'a>>,
    variables: Vec<Variable<'a>>,
    /// The span of the variable list, including its parentheses.
    header: Range<usize>,
    /// Whether the parser reached the end of the text.
    is_whole: bool,
}

/// A field in a query.
#[derive(Debug)]
pub(crate) struct QueryField<'a> {
    /// The type in our schema, which the server may name differently.
    pub(crate) on_type: &'static str,
    pub(crate) name: &'a str,
    /// The keys of the answer that lead to the field.
    pub(crate) path: Vec<&'a str>,
    /// The span of the alias, if any, and the name.
    pub(crate) span: Range<usize>,
    pub(crate) arguments: Vec<QueryArgument<'a>>,
    /// The span of the argument list, including its parentheses.
    parentheses: Range<usize>,
    /// The position for a selection, if the field is an object whose selection is empty.
    empty_selection: Option<usize>,
}

/// An argument in a query.
#[derive(Debug)]
pub(crate) struct QueryArgument<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Range<usize>,
    /// The variables in its value.
    variables: Vec<&'a str>,
}

#[derive(Debug)]
struct Variable<'a> {
    name: &'a str,
    span: Range<usize>,
}

impl QueryField<'_> {
    pub(crate) fn field(&self) -> Field {
        Field::named(self.on_type, self.name)
    }

    pub(crate) fn argument(&self, argument: &QueryArgument<'_>) -> Argument {
        Argument::named(self.field(), argument.name)
    }
}

impl<'a> QueryText<'a> {
    /// Parses a query and stops at the first unknown construct, so that later fields are missing.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut reader = Reader { tokens: tokens(text), at: 0, query: Self::default() };
        reader.query.is_whole = reader.document().is_some() && reader.at == reader.tokens.len();
        reader.query
    }

    /// The arguments that use the variable declared at byte `at`.
    pub(crate) fn arguments_of_variable_at(&self, at: usize) -> Vec<Argument> {
        let declared = self.variables.iter().find(|variable| variable.span.contains(&at));
        let Some(Variable { name, .. }) = declared else { return Vec::new() };
        self.arguments()
            .filter(|(_, argument)| argument.variables.contains(name))
            .map(|(field, argument)| field.argument(argument))
            .collect()
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = (&QueryField<'a>, &QueryArgument<'a>)> {
        self.fields.iter().flat_map(|field| field.arguments.iter().map(move |argument| (field, argument)))
    }

    /// Removes the arguments that `drops` selects and the variables that become unused.
    ///
    /// `text` is the query that `self` was read from. An object whose selection is empty gets `__typename`, because
    /// servers reject empty selections. Returns `text` unchanged if it was not parsed to the end.
    pub(crate) fn without(&self, text: &str, drops: impl Fn(&Argument) -> bool) -> String {
        if !self.is_whole {
            return text.to_owned();
        }
        let mut cuts = Vec::new();
        let mut used = HashSet::new();
        for field in &self.fields {
            let (dropped, kept): (Vec<_>, Vec<_>) =
                field.arguments.iter().partition(|argument| drops(&field.argument(argument)));
            used.extend(kept.iter().flat_map(|argument| argument.variables.iter().copied()));
            cut_items(&mut cuts, &dropped, kept.is_empty(), &field.parentheses, |argument| &argument.span);
        }
        let (unused, kept): (Vec<_>, Vec<_>) =
            self.variables.iter().partition(|variable| !used.contains(variable.name));
        cut_items(&mut cuts, &unused, kept.is_empty(), &self.header, |variable| &variable.span);
        cuts.extend(self.fields.iter().filter_map(|field| field.empty_selection).map(|at| at..at));
        cuts.sort_by_key(|cut| cut.start);
        let mut output = String::with_capacity(text.len());
        let mut at = 0;
        for cut in cuts {
            output.push_str(text.get(at..cut.start).unwrap_or_default());
            if cut.is_empty() {
                output.push_str(" { __typename }");
            }
            at = cut.end;
        }
        output.push_str(text.get(at..).unwrap_or_default());
        output
    }
}

/// Adds the cuts that remove `items` from a list. Leftover commas are harmless: GraphQL treats them as white space.
fn cut_items<T>(
    cuts: &mut Vec<Range<usize>>,
    items: &[&T],
    is_all: bool,
    list: &Range<usize>,
    span: impl Fn(&T) -> &Range<usize>,
) {
    if items.is_empty() {
        return;
    }
    if is_all {
        cuts.push(list.clone());
    } else {
        cuts.extend(items.iter().map(|item| span(item).clone()));
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    query: QueryText<'a>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| token.text)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Consumes the next token if it equals `text`.
    fn take(&mut self, text: &str) -> bool {
        let is_it = self.peek() == Some(text);
        self.at += usize::from(is_it);
        is_it
    }

    fn document(&mut self) -> Option<()> {
        let root = match self.next()?.text {
            "query" => "Query",
            "mutation" => "Mutation",
            _ => return None,
        };
        if self.peek()? != "(" && self.peek()? != "{" {
            self.next()?;
        }
        self.variables()?;
        self.selections(root, &mut Vec::new())
    }

    fn variables(&mut self) -> Option<()> {
        let start = self.tokens.get(self.at)?.span.start;
        if !self.take("(") {
            return Some(());
        }
        while self.peek()? != ")" {
            let dollar = self.next().filter(|token| token.text == "$")?;
            let name = self.next()?.text;
            let mut end = dollar.span.end;
            // The type and an optional default value.
            while !matches!(self.peek()?, "$" | ")") {
                end = self.next()?.span.end;
            }
            self.query.variables.push(Variable { name, span: dollar.span.start..end });
        }
        self.query.header = start..self.next()?.span.end;
        Some(())
    }

    fn selections(&mut self, on_type: &'static str, path: &mut Vec<&'a str>) -> Option<()> {
        self.next().filter(|token| token.text == "{")?;
        while self.peek()? != "}" {
            let first = self.next()?;
            if first.text == "..." {
                self.next().filter(|token| token.text == "on")?;
                let (on_type, _) = FIELD_TYPES.get_key_value(self.next()?.text)?;
                self.selections(on_type, path)?;
                continue;
            }
            let is_alias = self.take(":");
            let name = if is_alias { self.next()? } else { first.clone() };
            path.push(first.text);
            let (parentheses, arguments) = self.arguments()?;
            let field_type = FIELD_TYPES.get(on_type).and_then(|fields| fields.get(name.text).copied());
            let is_object = field_type.is_some_and(|name| FIELD_TYPES.contains_key(name));
            let is_empty = is_object && self.peek() != Some("{");
            self.query.fields.push(QueryField {
                on_type,
                name: name.text,
                path: path.clone(),
                span: first.span.start..name.span.end,
                arguments,
                empty_selection: is_empty.then(|| parentheses.end.max(name.span.end)),
                parentheses,
            });
            if self.peek() == Some("{") {
                self.selections(field_type?, path)?;
            }
            path.pop();
        }
        self.next().map(drop)
    }

    fn arguments(&mut self) -> Option<(Range<usize>, Vec<QueryArgument<'a>>)> {
        let start = self.tokens.get(self.at)?.span.start;
        let mut arguments = Vec::new();
        if !self.take("(") {
            return Some((start..start, arguments));
        }
        loop {
            let name = self.next()?;
            if name.text == ")" {
                return Some((start..name.span.end, arguments));
            }
            if !self.take(":") {
                return None;
            }
            let (end, variables) = self.value()?;
            arguments.push(QueryArgument { name: name.text, span: name.span.start..end, variables });
        }
    }

    /// Parses a value. Returns its end and the variables in it.
    fn value(&mut self) -> Option<(usize, Vec<&'a str>)> {
        let mut variables = Vec::new();
        let mut depth = 0_usize;
        loop {
            let token = self.next()?;
            let mut end = token.span.end;
            match token.text {
                "[" | "{" => depth += 1,
                "]" | "}" => depth = depth.checked_sub(1)?,
                "$" => {
                    let name = self.next()?;
                    variables.push(name.text);
                    end = name.span.end;
                }
                _ => {}
            }
            if depth == 0 {
                return Some((end, variables));
            }
        }
    }
}

/// The type of each field of each object type and interface in our schema.
static FIELD_TYPES: LazyLock<HashMap<&'static str, HashMap<&'static str, &'static str>>> =
    LazyLock::new(|| {
        let mut types = HashMap::new();
        let tokens = tokens(crate::SCHEMA);
        let mut rest = tokens.iter().map(|token| token.text).peekable();
        while let Some(word) = rest.next() {
            if !matches!(word, "type" | "interface") {
                continue;
            }
            let Some(name) = rest.next() else { break };
            let fields: &mut HashMap<_, _> = types.entry(name).or_default();
            let mut field = None;
            let mut depth = 0_usize;
            while let Some(word) = rest.next() {
                match word {
                    "}" => break,
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ if depth > 0 || word.starts_with('"') || matches!(word, "{" | "[" | "]" | "!") => {}
                    ":" => {
                        let field_type = rest.by_ref().find(|word| *word != "[");
                        if let Some((field, field_type)) = field.take().zip(field_type) {
                            fields.insert(field, field_type);
                        }
                    }
                    name => field = Some(name),
                }
            }
        }
        types
    });

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "query Runs($project: String!, $filters: JSONString!, $order: String) {
  project(name: $project, entityName: \"a $b (c)\") {
    runs(filters: $filters, first: 5, order: $order) {
      edges {
        node {
          name
        }
        belongings: node {
          user {
            name
          }
          history(samples: 7)
        }
      }
    }
  }
}
";

    fn drop_all(names: &[&str]) -> String {
        QueryText::read(QUERY).without(QUERY, |argument| names.contains(&argument.to_string().as_str()))
    }

    #[test]
    fn fields_have_the_types_of_our_schema() {
        let query = QueryText::read(QUERY);
        let fields: Vec<_> = query.fields.iter().map(|field| field.field().to_string()).collect();
        assert_eq!(
            fields,
            [
                "Query.project",
                "Project.runs",
                "RunConnection.edges",
                "RunEdge.node",
                "Run.name",
                "RunEdge.node",
                "Run.user",
                "User.name",
                "Run.history",
            ],
        );
        let last = query.fields.last().unwrap();
        assert_eq!(last.path, ["project", "runs", "edges", "belongings", "history"]);
        assert_eq!(&QUERY[last.span.clone()], "history");
        assert_eq!(&QUERY[query.fields[5].span.clone()], "belongings: node");
    }

    #[test]
    fn arguments_are_cut_with_their_variables() {
        let text = drop_all(&["Project.runs(order:)"]);
        assert!(text.starts_with("query Runs($project: String!, $filters: JSONString!, ) {"), "{text}");
        assert!(text.contains("runs(filters: $filters, first: 5, ) {"), "{text}");
        let text = drop_all(&["Run.history(samples:)", "Project.runs(filters:)"]);
        assert!(text.contains("$project: String!, , $order: String)"), "{text}");
        assert!(text.contains("history\n") && text.contains("runs(, first: 5, order: $order)"), "{text}");
        assert_eq!(drop_all(&[]), QUERY);
    }

    #[test]
    fn empty_selections_get_typename() {
        let text = "query A($x: Int) {\n  viewer {\n    id\n    teams(first: $x)\n  }\n}";
        let asked = QueryText::read(text).without(text, |_| false);
        assert_eq!(asked, text.replace("$x)\n  }", "$x) { __typename }\n  }"));
        let bare = QueryText::read(text).without(text, |_| true);
        assert_eq!(bare, "query A {\n  viewer {\n    id\n    teams { __typename }\n  }\n}");
    }

    #[test]
    fn empty_list_loses_its_parentheses() {
        let text = "query A($x: Int) {\n  viewer {\n    id\n  }\n  project(name: $x) {\n    name\n  }\n}";
        let bare = QueryText::read(text).without(text, |_| true);
        assert_eq!(bare, "query A {\n  viewer {\n    id\n  }\n  project {\n    name\n  }\n}");
    }

    #[test]
    fn variables_in_objects_and_lists_are_kept() {
        let text = "mutation M($a: ID!, $b: [X!], $c: Int) {\n  upsertBucket(input: {id: $a, tags: [1, $b]}) {\n    inserted\n  }\n}";
        let kept = QueryText::read(text).without(text, |_| false);
        assert_eq!(kept, text.replace(", $c: Int", ", "));
    }

    #[test]
    fn variables_lead_to_the_arguments_that_use_them() {
        let query = QueryText::read(QUERY);
        let at = QUERY.find("JSONString").unwrap();
        let arguments: Vec<_> = query.arguments_of_variable_at(at).iter().map(ToString::to_string).collect();
        assert_eq!(arguments, ["Project.runs(filters:)"]);
    }

    #[test]
    fn other_texts_are_left_unchanged() {
        for text in
            ["", "{ viewer { id } }", "query", "query A(", "query A { b(c: [ ", "query A { b { c } } x"]
        {
            let query = QueryText::read(text);
            assert!(query.fields.len() < 3, "{text}");
            assert_eq!(query.without(text, |_| true), text);
        }
    }
}
