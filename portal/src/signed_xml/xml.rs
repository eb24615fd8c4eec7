//! XML that is plain enough to be believed: elements, attributes and text, and not too much of them.

use std::collections::HashSet;

use roxmltree::{Document, Node, ParsingOptions};

/// A document of elements, attributes and text.
#[derive(Debug)]
pub struct Xml<'a> {
    source: &'a str,
    document: Document<'a>,
}

/// Why XML is not read at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum XmlFault {
    /// It has more bytes than [`LARGEST`].
    #[error("it is too large")]
    TooLarge,
    /// It is nested too deeply, or has too many attributes or namespaces.
    #[error("it has too much in it")]
    TooMuch,
    /// It has a document type or entities.
    #[error("it has a document type")]
    DocumentType,
    /// It has a comment, a CDATA section or a processing instruction.
    #[error("it has a comment, a CDATA section or a processing instruction")]
    Markup,
    /// It is neither base64 nor UTF-8, or no well-formed XML.
    #[error("it is not XML")]
    NotXml,
    /// Two elements have the same id.
    #[error("two elements have the same id")]
    SameId,
}

/// The most bytes that are looked at. Responses with hundreds of groups have some tens of thousands.
pub const LARGEST: usize = 256 * 1024;

// Real ones nest about twelve deep.
const DEEPEST: u32 = 48;
// Parsers compare each attribute of a tag with the others, and copy the namespaces in scope for each tag that adds one,
// comparing them too. Real ones have a dozen prefixes, and declare some again for each value.
const MOST_ATTRIBUTES: u32 = 64;
const MOST_PREFIXES: usize = 64;
const MOST_NAMESPACES: usize = 4096;
// The canonical form has a namespace's name again for each element that uses it. Real ones have less than a hundred bytes.
const LONGEST_NAMESPACE: usize = 256;
const MOST_NODES: u32 = 32 * 1024;

impl<'a> Xml<'a> {
    /// # Errors
    /// It is not plain, or not well-formed.
    pub fn read(source: &'a str) -> Result<Self, XmlFault> {
        if source.len() > LARGEST {
            return Err(XmlFault::TooLarge);
        }
        refuse_markup(source)?;
        refuse_too_much(source)?;
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: MOST_NODES,
            entity_resolver: None,
        };
        let document = Document::parse_with_options(source, options).map_err(|error| {
            if matches!(error, roxmltree::Error::NodesLimitReached) {
                XmlFault::TooMuch
            } else {
                XmlFault::NotXml
            }
        })?;
        let xml = Self { source, document };
        xml.refuse_same_ids()?;
        Ok(xml)
    }

    /// What it was read from.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The outermost element.
    #[must_use]
    pub fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    /// All elements of a name, wherever they stand.
    pub fn all<'n>(
        &'n self,
        namespace: &'n str,
        name: &'n str,
    ) -> impl Iterator<Item = Node<'n, 'a>> {
        self.document
            .descendants()
            .filter(move |node| node.has_tag_name((namespace, name)))
    }

    /// Which element it is, counted from the start of the document.
    pub(super) fn place(&self, element: Node<'_, '_>) -> Option<usize> {
        self.document
            .descendants()
            .filter(Node::is_element)
            .position(|other| other.id() == element.id())
    }

    fn refuse_same_ids(&self) -> Result<(), XmlFault> {
        let mut ids = HashSet::new();
        let attributes = self
            .document
            .descendants()
            .flat_map(|node| node.attributes());
        for attribute in attributes {
            if is_id(attribute.name()) && !ids.insert(attribute.value()) {
                return Err(XmlFault::SameId);
            }
        }
        Ok(())
    }
}

// However an id is spelt: `xml:id`, and those of SAML 1.1 and of WS-Security, too.
fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("ID") || ["AssertionID", "ResponseID", "RequestID"].contains(&name)
}

// Looked for before any parser runs. `<` stands for itself nowhere but in what is refused here.
fn refuse_markup(source: &str) -> Result<(), XmlFault> {
    if source.contains("<!DOCTYPE") || source.contains("<!ENTITY") {
        return Err(XmlFault::DocumentType);
    }
    // The declaration that a document may begin with is none.
    let body = source.strip_prefix("<?xml ").unwrap_or(source);
    if body.contains("<!") || body.contains("<?") {
        return Err(XmlFault::Markup);
    }
    Ok(())
}

// Looked for before any parser runs. Exact as far as the text is well-formed, and no parser gets further.
fn refuse_too_much(source: &str) -> Result<(), XmlFault> {
    let mut prefixes = HashSet::new();
    for (count, after) in source.split("xmlns").skip(1).enumerate() {
        let end = after.find(|letter: char| letter == '=' || letter.is_ascii_whitespace());
        prefixes.insert(after.get(..end.unwrap_or_default()));
        let is_long = namespace(after).is_some_and(|name| name.len() > LONGEST_NAMESPACE);
        if is_long || count >= MOST_NAMESPACES || prefixes.len() > MOST_PREFIXES {
            return Err(XmlFault::TooMuch);
        }
    }
    let (mut depth, mut attributes) = (0_u32, 0_u32);
    let (mut tag, mut quote, mut last) = (false, None, 0_u8);
    for byte in source.bytes() {
        match (tag, quote, byte) {
            (true, Some(open), _) => {
                if byte == open {
                    quote = None;
                }
            }
            (true, None, b'"' | b'\'') => quote = Some(byte),
            (true, None, b'=') => attributes += 1,
            (true, None, b'>') => {
                tag = false;
                if matches!(last, b'/' | b'?') {
                    depth = depth.saturating_sub(1);
                }
            }
            (true, None, b'/') if last == b'<' => depth = depth.saturating_sub(1),
            (true, None, _) if last == b'<' => depth += 1,
            (false, _, b'<') => (tag, attributes) = (true, 0),
            (true | false, _, _) => {}
        }
        if depth > DEEPEST || attributes > MOST_ATTRIBUTES {
            return Err(XmlFault::TooMuch);
        }
        last = byte;
    }
    Ok(())
}

// What the attribute is worth whose name ends before this.
fn namespace(after: &str) -> Option<&str> {
    let (_, value) = after.split_once('=')?;
    let value = value.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|letter| matches!(letter, '"' | '\''))?;
    value.split(quote).nth(1)
}

/// The children of a name.
pub(crate) fn children<'n, 'a>(
    parent: Node<'n, 'a>,
    namespace: &'n str,
    name: &'n str,
) -> impl Iterator<Item = Node<'n, 'a>> {
    parent
        .children()
        .filter(move |node| node.has_tag_name((namespace, name)))
}

/// The child of a name; `None` where there is none, or more than one.
#[must_use]
pub(crate) fn child<'n, 'a>(
    parent: Node<'n, 'a>,
    namespace: &'n str,
    name: &'n str,
) -> Option<Node<'n, 'a>> {
    let mut found = children(parent, namespace, name);
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// The text of an element that has nothing else in it; `None` where it is empty or blank, or has more than text.
#[must_use]
pub(crate) fn text<'n>(element: Node<'n, '_>) -> Option<&'n str> {
    let mut nodes = element.children();
    let only = nodes.next()?;
    let text = only.is_text().then(|| only.text()).flatten()?;
    (nodes.next().is_none() && !text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(source: &str) -> Option<XmlFault> {
        Xml::read(source).err()
    }

    #[test]
    fn plain_xml_is_read_with_or_without_a_declaration() {
        for plain in [
            "<a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b='1>/'>c &lt;!-- &amp; <d/></a>\n",
        ] {
            assert_eq!(fault(plain), None, "{plain}");
        }
    }

    #[test]
    fn xml_bombs_and_foreign_files_are_refused_before_anything_is_expanded() {
        let laughs = r#"<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;">]><a>&y;</a>"#;
        let quadratic = format!(
            r#"<!DOCTYPE a [<!ENTITY x "{}">]><a>{}</a>"#,
            "x".repeat(50_000),
            "&x;".repeat(50_000)
        );
        let external = r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#;
        let parameter = r#"<!DOCTYPE a [<!ENTITY % x SYSTEM "http://a.example/x"> %x;]><a/>"#;
        let late = r#"<?xml version="1.0"?><a/><!DOCTYPE a>"#;
        for bomb in [laughs, &quadratic, external, parameter, late] {
            assert_eq!(fault(bomb), Some(XmlFault::DocumentType), "{bomb:.60}");
        }
        assert_eq!(fault("<a>&unknown;</a>"), Some(XmlFault::NotXml));
    }

    #[test]
    fn what_splits_text_is_refused_wherever_it_stands() {
        for split in [
            "<a>ada<!---->.evil</a>",
            "<a><![CDATA[ada]]></a>",
            "<a>ada<?b?></a>",
            "<!-- --><a/>",
            "<a/><?b?>",
        ] {
            assert_eq!(fault(split), Some(XmlFault::Markup), "{split}");
        }
    }

    #[test]
    fn too_much_of_anything_is_refused() {
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert_eq!(fault(&deep(48)), None);
        assert_eq!(fault(&deep(49)), Some(XmlFault::TooMuch));
        assert_eq!(fault(&"<a>".repeat(80_000)), Some(XmlFault::TooMuch));
        // A `>` in a value ends no tag.
        let hidden = format!("{}{}", "<a b='/>'>".repeat(49), "</a>".repeat(49));
        assert_eq!(fault(&hidden), Some(XmlFault::TooMuch));
        let wide = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}='='")).collect();
            format!("<a{attributes}/>")
        };
        assert_eq!(fault(&wide(64)), None);
        assert_eq!(fault(&wide(65)), Some(XmlFault::TooMuch));
        let named = |count: usize| {
            let elements: String = (0..count).map(|n| format!("<b xmlns:a{n}='c'/>")).collect();
            format!("<a>{elements}</a>")
        };
        assert_eq!(fault(&named(64)), None);
        assert_eq!(fault(&named(65)), Some(XmlFault::TooMuch));
        let again = |count: usize| format!("<a>{}</a>", "<b xmlns:c='d'/>".repeat(count));
        assert_eq!(fault(&again(4096)), None);
        assert_eq!(fault(&again(4097)), Some(XmlFault::TooMuch));
        for quote in ['"', '\''] {
            let long = |letters| format!("<a xmlns:b = {quote}{}{quote}/>", "c".repeat(letters));
            assert_eq!(fault(&long(256)), None);
            assert_eq!(fault(&long(257)), Some(XmlFault::TooMuch));
        }
        let nodes = format!("<a>{}</a>", "<b/>".repeat(40_000));
        assert_eq!(fault(&nodes), Some(XmlFault::TooMuch));
        let large = format!("<a>{}</a>", "x".repeat(LARGEST));
        assert_eq!(fault(&large), Some(XmlFault::TooLarge));
    }

    #[test]
    fn an_id_stands_once_however_its_attribute_is_written() {
        for same in [
            "<a ID='x'><b ID='x'/></a>",
            "<a ID='x'><b Id='x'/></a>",
            "<a ID='x'><b xml:id='x'/></a>",
            "<a AssertionID='x'><b xmlns:u='urn:u' u:Id='x'/></a>",
        ] {
            assert_eq!(fault(same), Some(XmlFault::SameId), "{same}");
        }
        assert_eq!(fault("<a ID='x'><b ID='y' name='x'/></a>"), None);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for odd in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a b='1' b='2'/>",
            "<a/><b/>",
            "<x:a/>",
        ] {
            assert_eq!(fault(odd), Some(XmlFault::NotXml), "{odd:?}");
        }
    }

    #[test]
    fn text_is_all_of_an_element_or_none() {
        for (source, expected) in [
            ("<a>b</a>", Some("b")),
            ("<a> b&amp;c </a>", Some(" b&c ")),
            ("<a/>", None),
            ("<a> \n</a>", None),
            ("<a>b<c/>d</a>", None),
            ("<a><c>b</c></a>", None),
        ] {
            let xml = Xml::read(source).unwrap();
            assert_eq!(text(xml.root()), expected, "{source}");
        }
    }
}
