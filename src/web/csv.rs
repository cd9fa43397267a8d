//! Tables as files of comma-separated values. A spreadsheet must not take a cell for a formula.

/// A table with a row of heads. A cell that a spreadsheet would take for a formula gets a `'` in front.
pub fn csv<const N: usize>(
    heads: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(heads);
    for row in rows {
        let _ = writer.write_record(row.map(harmless));
    }
    writer.into_inner().unwrap_or_default()
}

fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let rows = [["=1+1", "+44 20"], ["-", "@x"], ["\tx", "a,\"b\""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let text = String::from_utf8(csv(["One", "Two"], rows)).expect("text");
        assert_eq!(
            text,
            "One,Two\n'=1+1,'+44 20\n'-,'@x\n'\tx,\"a,\"\"b\"\"\"\n"
        );
    }
}
