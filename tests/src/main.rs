//! Entry point of the rehearsal.

fn main() -> std::process::ExitCode {
    rehearsal::cli::main()
}
