//! Entry point of the rehearsal.

fn main() -> std::process::ExitCode {
    rehearsal_core::cli::main()
}
