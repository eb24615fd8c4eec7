//! `$metadata`: the model in OData's own words (CSDL XML 4.01), in the namespace that Graph's clients know.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{ComplexType, EntityType, EnumType, Kind, Property};

/// The document.
#[must_use]
pub(super) fn document(entities: &[&'static EntityType]) -> String {
    let mut types = Types::default();
    for entity in entities {
        types.collect(entity.properties);
    }
    let mut text = String::from(HEAD);
    for (name, members) in &types.enums {
        let _ = writeln!(text, "<EnumType Name=\"{name}\">");
        for (index, member) in members.members.iter().enumerate() {
            let _ = writeln!(text, "<Member Name=\"{member}\" Value=\"{}\"/>", index + 1);
        }
        text.push_str("</EnumType>\n");
    }
    for (name, complex) in &types.complexes {
        let _ = writeln!(text, "<ComplexType Name=\"{name}\">");
        properties(&mut text, complex.properties);
        text.push_str("</ComplexType>\n");
    }
    for entity in entities {
        let _ = writeln!(text, "<EntityType Name=\"{}\">", entity.name);
        if !entity.key.is_empty() {
            let _ = writeln!(text, "<Key><PropertyRef Name=\"{}\"/></Key>", entity.key);
        }
        properties(&mut text, entity.properties);
        text.push_str("</EntityType>\n");
    }
    text.push_str(TAIL);
    text
}

/// Every type that properties lead to, each once.
#[derive(Default)]
struct Types {
    enums: BTreeMap<&'static str, &'static EnumType>,
    complexes: BTreeMap<&'static str, &'static ComplexType>,
}

impl Types {
    fn collect(&mut self, properties: &'static [Property]) {
        for property in properties.iter().filter(|property| is_declared(property)) {
            match property.kind {
                Kind::Enum(of) | Kind::Enums(of) => {
                    self.enums.insert(of.name, of);
                }
                Kind::Complex(of) | Kind::Complexes(of) => {
                    if self.complexes.insert(of.name, of).is_none() {
                        self.collect(of.properties);
                    }
                }
                Kind::Text
                | Kind::Guid
                | Kind::Boolean
                | Kind::Number
                | Kind::DateTime
                | Kind::Open
                | Kind::Texts => {}
            }
        }
    }
}

/// Annotations are no properties in CSDL.
fn is_declared(property: &Property) -> bool {
    !property.name.starts_with('@')
}

fn properties(text: &mut String, properties: &[Property]) {
    for property in properties.iter().filter(|property| is_declared(property)) {
        let of = match property.kind {
            Kind::Text | Kind::Guid => "Edm.String".to_owned(),
            Kind::Boolean => "Edm.Boolean".to_owned(),
            Kind::Number => "Edm.Int64".to_owned(),
            Kind::DateTime => "Edm.DateTimeOffset".to_owned(),
            Kind::Enum(of) => format!("microsoft.graph.{}", of.name),
            Kind::Complex(of) => format!("microsoft.graph.{}", of.name),
            Kind::Open => "Edm.Untyped".to_owned(),
            Kind::Texts => "Collection(Edm.String)".to_owned(),
            Kind::Enums(of) => format!("Collection(microsoft.graph.{})", of.name),
            Kind::Complexes(of) => format!("Collection(microsoft.graph.{})", of.name),
        };
        let _ = writeln!(text, "<Property Name=\"{}\" Type=\"{of}\"/>", property.name);
    }
}

const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
<edmx:DataServices>
<Schema Namespace="microsoft.graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
"#;

const TAIL: &str = r#"<EntityContainer Name="GraphService">
<Singleton Name="policies" Type="microsoft.graph.policyRoot"/>
<Singleton Name="identity" Type="microsoft.graph.identityContainer"/>
<Singleton Name="auditLogs" Type="microsoft.graph.auditLogRoot"/>
<Singleton Name="roleManagement" Type="microsoft.graph.roleManagement"/>
<EntitySet Name="organization" EntityType="microsoft.graph.organization"/>
<EntitySet Name="directoryRoles" EntityType="microsoft.graph.directoryRole"/>
</EntityContainer>
<EntityType Name="policyRoot">
<NavigationProperty Name="crossTenantAccessPolicy" Type="microsoft.graph.crossTenantAccessPolicy" ContainsTarget="true"/>
<NavigationProperty Name="authorizationPolicy" Type="microsoft.graph.authorizationPolicy" ContainsTarget="true"/>
</EntityType>
<EntityType Name="identityContainer">
<NavigationProperty Name="conditionalAccess" Type="microsoft.graph.conditionalAccessRoot" ContainsTarget="true"/>
</EntityType>
<EntityType Name="conditionalAccessRoot">
<NavigationProperty Name="policies" Type="Collection(microsoft.graph.conditionalAccessPolicy)" ContainsTarget="true"/>
<NavigationProperty Name="namedLocations" Type="Collection(microsoft.graph.namedLocation)" ContainsTarget="true"/>
</EntityType>
<EntityType Name="auditLogRoot">
<NavigationProperty Name="directoryAudits" Type="Collection(microsoft.graph.directoryAudit)" ContainsTarget="true"/>
<NavigationProperty Name="signIns" Type="Collection(microsoft.graph.signIn)" ContainsTarget="true"/>
</EntityType>
<EntityType Name="roleManagement">
<NavigationProperty Name="directory" Type="microsoft.graph.rbacApplication" ContainsTarget="true"/>
</EntityType>
<EntityType Name="rbacApplication">
<NavigationProperty Name="roleDefinitions" Type="Collection(microsoft.graph.unifiedRoleDefinition)" ContainsTarget="true"/>
<NavigationProperty Name="roleAssignments" Type="Collection(microsoft.graph.unifiedRoleAssignment)" ContainsTarget="true"/>
</EntityType>
</Schema>
</edmx:DataServices>
</edmx:Edmx>
"#;
