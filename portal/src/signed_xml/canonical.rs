//! The one form of an element that signatures are made over (Exclusive XML Canonicalization 1.0, without comments).

use bergshamra_c14n::C14nMode;
use bergshamra_xml::NodeSet;
use roxmltree::Node;
use uppsala::{Document, NodeId};

use super::xml::Xml;

/// A document whose elements can be brought into that form.
pub(super) struct Canonical<'x, 'a> {
    xml: &'x Xml<'a>,
    document: Document<'a>,
    elements: Vec<NodeId>,
}

impl<'x, 'a> Canonical<'x, 'a> {
    /// `None` where two parsers do not agree.
    pub(super) fn new(xml: &'x Xml<'a>) -> Option<Self> {
        let document = uppsala::parse(xml.source()).ok()?;
        let elements = document
            .descendants(document.root())
            .into_iter()
            .filter(|node| document.element(*node).is_some())
            .collect();
        Some(Self {
            xml,
            document,
            elements,
        })
    }

    /// An element in that form, without one of those in it.
    ///
    /// Which element that is need not be believed: what this gives counts only when its digest was signed.
    pub(super) fn of(
        &self,
        element: Node<'_, '_>,
        without: Option<Node<'_, '_>>,
        inclusive: &[String],
    ) -> Option<String> {
        let mut set = NodeSet::tree_without_comments(self.find(element)?, &self.document);
        if let Some(without) = without {
            let left_out = NodeSet::tree_with_comments(self.find(without)?, &self.document);
            set = set.subtract(&left_out);
        }
        let bytes = bergshamra_c14n::canonicalize_doc(
            &self.document,
            C14nMode::Exclusive,
            Some(&set),
            inclusive,
        )
        .ok()?;
        String::from_utf8(bytes).ok()
    }

    fn find(&self, element: Node<'_, '_>) -> Option<NodeId> {
        self.elements.get(self.xml.place(element)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Exclusive XML Canonicalization 1.0, section 2.2, and its InclusiveNamespaces of section 3.
    #[test]
    fn namespaces_stand_where_they_are_used_and_attributes_in_order() {
        let source = "<?xml version=\"1.0\"?>\r\n<n0:local xmlns:n0='foo:bar' xmlns:n3=\"ftp://example.org\">\
            <n1:elem2 xmlns:n1=\"http://example.net\" z='1' a=\"&quot;&#9;\" xml:lang=\"en\">\
            <n3:stuff xmlns:n3=\"ftp://example.org\"/><gone/>&#13;&gt;</n1:elem2></n0:local>";
        let xml = Xml::read(source).unwrap();
        let canonical = Canonical::new(&xml).unwrap();
        let element = xml.all("http://example.net", "elem2").next().unwrap();
        let gone = element
            .descendants()
            .find(|node| node.tag_name().name() == "gone");
        assert_eq!(
            canonical.of(element, gone, &[]).unwrap(),
            "<n1:elem2 xmlns:n1=\"http://example.net\" a=\"&quot;&#x9;\" z=\"1\" xml:lang=\"en\">\
             <n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff>&#xD;&gt;</n1:elem2>"
        );
        let with = canonical.of(element, gone, &["n0".to_owned()]).unwrap();
        assert!(
            with.starts_with("<n1:elem2 xmlns:n0=\"foo:bar\" xmlns:n1=\"http://example.net\" a="),
            "{with}"
        );
    }
}
