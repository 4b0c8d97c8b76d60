import ArgumentParser

/// The scripts by which shells complete command lines: the parser's, but for what they do behind a completed key. They end a
/// word with a space there, and bash takes its `=` for a part of a file's name, which it escapes; a value is to follow instead.
enum CompletionScript {
  private static let option = "--generate-completion-script"

  /// The script that a command line asks for; nil where it asks for none, or for that of a shell that there isn't, which the
  /// parser complains of.
  static func requested(by arguments: [String]) -> String? {
    guard let index = arguments.firstIndex(of: option), arguments.indices.contains(index + 1),
      let shell = CompletionShell(rawValue: arguments[index + 1])
    else { return nil }
    return text(for: shell)
  }

  private static func text(for shell: CompletionShell) -> String {
    let script = RnnTrain.completionScript(for: shell)
    let name = RnnTrain.configuration.commandName ?? ""
    switch shell {
    case .bash:
      let call = "__\(name)_add_completions -W \"$(__\(name)_custom_complete "
      return script.replacing(call, with: "compopt +o filenames -o nospace 2>/dev/null; " + call)
    case .zsh:
      return script.replacing(
        "__\(name)_complete \"${completions[@]:0:-1}\"", with: "compadd -V keys -S '' -- \"${completions[@]:0:-1}\"")
    default: return script
    }
  }
}
