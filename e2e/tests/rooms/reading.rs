//! The dependencies of a source file: its `use` lines, and the paths in its code.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

/// One imported name.
#[derive(Debug, Clone)]
pub struct Import {
    /// The name in this module; `*` for all names of a module.
    pub name: String,
    /// The path as written: may begin with `crate`, `super` or `self`.
    pub path: Vec<String>,
    pub line: usize,
}

/// A path in the code, as written.
#[derive(Debug, Clone)]
pub struct Mention {
    pub path: Vec<String>,
    pub line: usize,
}

/// One module of a file: the file itself, or a `mod name { … }` in it.
#[derive(Debug, Default)]
pub struct Part {
    pub path: Vec<String>,
    pub is_test: bool,
    pub imports: Vec<Import>,
    pub mentions: Vec<Mention>,
}

/// Returns the modules of a file. Test modules have only their names.
pub fn parts(items: &[Item]) -> Vec<Part> {
    let mut parts = Vec::new();
    collect(items, &[], &mut parts);
    parts
}

fn collect(items: &[Item], path: &[String], parts: &mut Vec<Part>) {
    let mut visitor = Visitor(Part { path: path.to_owned(), ..Part::default() });
    let mut inner = Vec::new();
    for item in items {
        match item {
            Item::Mod(module) => {
                let own = [path, &[module.ident.to_string()]].concat();
                match &module.content {
                    _ if is_for_tests(&module.attrs) => {
                        inner.push(Part { path: own, is_test: true, ..Part::default() });
                    }
                    Some((_, items)) => collect(items, &own, &mut inner),
                    None => {}
                }
            }
            item if is_for_tests(attributes(item)) => {}
            item => visitor.visit_item(item),
        }
    }
    parts.push(visitor.0);
    parts.append(&mut inner);
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether there is `#[cfg(test)]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test");
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && is_test(attribute))
}

struct Visitor(Part);

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            imports(&item.tree, &mut Vec::new(), &mut self.0.imports);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let (None, Some(first), 2..) = (path.leading_colon, path.segments.first(), words.len()) {
            self.0.mentions.push(Mention { path: words, line: line(first.ident.span()) });
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        mentions(call.tokens.clone(), &mut self.0.mentions);
        syn::visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            mentions(list.tokens.clone(), &mut self.0.mentions);
        }
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

fn imports(tree: &UseTree, path: &mut Vec<String>, into: &mut Vec<Import>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            imports(&step.tree, path, into);
            path.pop();
        }
        UseTree::Name(end) => add(&end.ident.to_string(), &end.ident, path, into),
        UseTree::Rename(end) => add(&end.rename.to_string(), &end.ident, path, into),
        UseTree::Glob(end) => {
            let line = line(end.star_token.spans.first().copied().unwrap_or_else(Span::call_site));
            into.push(Import { name: "*".to_owned(), path: path.clone(), line });
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, path, into)),
    }
}

/// Adds an import; `self` at the end of a group is the module itself.
fn add(name: &str, ident: &syn::Ident, path: &[String], into: &mut Vec<Import>) {
    let line = line(ident.span());
    if *ident == "self" {
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.to_owned() };
        into.push(Import { name, path: path.to_vec(), line });
    } else {
        into.push(Import { name: name.to_owned(), path: [path, &[ident.to_string()]].concat(), line });
    }
}

/// Collects the paths in the tokens of a macro: words separated by `::`.
fn mentions(tokens: TokenStream, into: &mut Vec<Mention>) {
    let mut path: Vec<String> = Vec::new();
    let (mut begun, mut colons) = (0, 0);
    let mut flush = |path: &mut Vec<String>, begun: usize| {
        let path = std::mem::take(path);
        if path.len() > 1 {
            into.push(Mention { path, line: begun });
        }
    };
    let mut inner = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    flush(&mut path, begun);
                }
                if path.is_empty() {
                    begun = line(ident.span());
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            other => {
                flush(&mut path, begun);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    inner.push(group.stream());
                }
            }
        }
    }
    flush(&mut path, begun);
    for tokens in inner {
        mentions(tokens, into);
    }
}
