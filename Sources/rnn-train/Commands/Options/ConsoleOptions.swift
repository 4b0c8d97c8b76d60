import ArgumentParser

/// How much a command says beside its results.
struct ConsoleOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing but results, warnings and errors.")
  var quiet = false

  var console: Console { Console(isQuiet: quiet) }
}
