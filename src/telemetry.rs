//! Log lines to standard error, as text or JSON. It decides nothing about what is logged.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging for this process. Progress bars drawn through `progress` step aside while a line is written.
/// The error says that logging was started before, or that the filter cannot be read.
pub fn init(config: &Config, progress: &MultiProgress) -> anyhow::Result<()> {
    let progress = progress.clone();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(quieter(&config.log_filter))?)
        .with_ansi(console::colors_enabled_stderr())
        .with_writer(move || BesideBars(progress.clone()));
    match config.log_format {
        LogFormat::Text => lines.try_init(),
        // The list has the run, or the request, that a line belongs to, however deep it lies.
        LogFormat::Json => {
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
            let lines = lines.json().flatten_event(true);
            lines
                .with_current_span(false)
                .with_span_list(true)
                .try_init()
        }
    }
    .map_err(|error| anyhow::anyhow!(error))
}

/// What Microsoft's crates log at `info` is about their own requests; it is left out unless `RUST_LOG` asks for more.
fn quieter(filter: &str) -> String {
    if filter == "info" {
        format!("{filter},azure_core=warn,azure_identity=warn,typespec_client_core=warn")
    } else {
        filter.to_owned()
    }
}

/// Standard error, with the bars out of the way.
struct BesideBars(MultiProgress);

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .suspend(|| io::stderr().write_all(bytes))
            .map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
