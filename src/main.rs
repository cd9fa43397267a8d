//! The `rollcall` program: parses the command line, nothing else.

fn main() -> std::process::ExitCode {
    rollcall::cli::main()
}
