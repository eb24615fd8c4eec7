//! OData query options, as far as Microsoft Graph has them for these resources.
