//! Generated customers are the same for ever, messy, loadable everywhere, and change by the day.
