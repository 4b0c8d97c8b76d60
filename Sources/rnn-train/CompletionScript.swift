import ArgumentParser

/// The scripts by which shells complete command lines: the parser's, with two things that it doesn't know of. Behind a
/// completed key its value is to follow, where scripts end a word with a space, and bash takes the `=` for a part of a
/// file's name, which it escapes. And without a command the program trains: what begins with no command is completed as
/// `rnn-train train`, or to the name of a text.
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

  private static let name = RnnTrain.configuration.commandName ?? ""
  private static let training = TrainCommand.configuration.commandName ?? ""

  /// As words of a shell's list.
  private static var commands: String {
    (StrayArgument.commands + ["help"]).joined(separator: " ")
  }

  private static func text(for shell: CompletionShell) -> String {
    let script = RnnTrain.completionScript(for: shell)
    return switch shell {
    case .bash: bash(script)
    case .zsh: zsh(script)
    default: fish(script)
    }
  }

  private static func bash(_ script: String) -> String {
    let call = "__\(name)_add_completions -W \"$(__\(name)_custom_complete "
    let words = "    local -a unparsed_words=(\"${COMP_WORDS[@]:1:${COMP_CWORD}}\")\n"
    return script.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.contains(call) else { return String(line) }
      return "        compopt +o filenames -o nospace 2>/dev/null"
        + "\n\(line)\n        [[ ${#COMPREPLY[@]} -gt 0 ]] || __\(name)_add_files"
    }.joined(separator: "\n")
      .replacing(
        words,
        with: words + """

              # Without a command it trains.
              case " \(commands) " in
              *" ${COMP_WORDS[1]} "*) ;;
              *)
                  if [[ "${COMP_CWORD}" -gt 1 || "${cur}" = -* ]]; then
                      local -a repeating_flags non_repeating_flags repeating_options non_repeating_options
                      _\(name)_\(training)
                  else
                      compopt +o filenames 2>/dev/null
                      __\(name)_add_completions -W $'\(commands.replacing(" ", with: "\\n"))'
                      [[ ${#COMPREPLY[@]} -gt 0 ]] || __\(name)_add_files
                  fi
                  return
                  ;;
              esac

          """, maxReplacements: 1
      )
      .replacing(
        "__\(name)_custom_complete() {",
        with: """
          __\(name)_add_files() {
              compopt -o filenames +o nospace 2>/dev/null
              __\(name)_add_completions -f
          }

          __\(name)_custom_complete() {
          """, maxReplacements: 1)
  }

  private static func zsh(_ script: String) -> String {
    let arguments = "    local -i ret=1\n"
    let offer = "_describe -V subcommand subcommands && ret=0"
    return script.replacing(
      """
              __\(name)_complete "${completions[@]:0:-1}"
          fi
      """,
      with: """
                compadd -V keys -S '' -- "${completions[@]:0:-1}"
            else
                compset -P '*='
                _files
            fi
        """
    ).replacing(
      arguments,
      with: arguments + """
            # Without a command it trains.
            if [[ " \(commands) " != *" ${words[2]} "* && ( "${CURRENT}" -gt 2 || "${words[2]}" = -* ) ]]; then
                _\(name)_\(training)
                return
            fi

        """, maxReplacements: 1
    ).replacing(offer, with: offer + " || { _files && ret=0 }", maxReplacements: 1)
  }

  private static func fish(_ script: String) -> String {
    let tokens = "    set -l unparsed_tokens (__\(name)_tokens -pc)\n"
    let commandsOffered = "complete -c '\(name)' -f\n"
    return script.replacing(
      tokens,
      with: tokens + """
            # Without a command it trains.
            set -l first $unparsed_tokens[2] (commandline -ct)
            if not contains -- $first[1] \(commands)
                if set -q unparsed_tokens[2]; or string match -q -- '-*' $first[1]
                    set unparsed_tokens $unparsed_tokens[1] \(training) $unparsed_tokens[2..]
                end
            end

        """, maxReplacements: 1
    ).replacing(
      commandsOffered,
      with: commandsOffered
        + "complete -c '\(name)' -n '__\(name)_should_offer_completions_for_positional \"\(name)\" -eq 1' -F\n"
        + "complete -c '\(name)' -n '__\(name)_should_offer_completions_for_positional \"\(name) \(training)\" -ge 1' -F\n",
      maxReplacements: 1)
  }
}
