//! The page says of the forms what the code does.

use crossgate_config::Form;
use crossgate_sinks::mapping;

#[test]
fn the_page_has_the_tables_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sinks.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for (name, form) in Form::ALL
        .into_iter()
        .filter(|(_, form)| *form != Form::Graph)
    {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
        let from = page.find(&begin).unwrap() + begin.len();
        let to = page.find(&end).unwrap();
        let table = format!("| field | made of |\n|---|---|\n{}", mapping(form));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            page.replace_range(from..to, &table);
            continue;
        }
        assert_eq!(&page[from..to], table, "UPDATE_DOCS=1 writes {name} anew");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    }
}
