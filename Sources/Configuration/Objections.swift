/// What is wrong with a configuration of which every single value is right.
struct Objection {
  let key: String
  let reason: String
  /// Other keys that the objection rests on. It isn't raised if one of them couldn't be read.
  var otherKeys: [String] = []
}

extension RunConfiguration {
  /// Keys that contradict each other.
  var conflicts: [Objection] {
    var objections: [Objection] = []
    if task == .languageModel, model.bidirectional {
      objections.append(
        Objection(
          key: "model.bidirectional", reason: "a language model must not see the future", otherKeys: ["task"]))
    }
    if model.tieEmbeddings, model.embedding != model.hidden {
      objections.append(
        Objection(
          key: "model.tie_embeddings",
          reason: "needs embedding and hidden of one size, found \(model.embedding) and \(model.hidden)",
          otherKeys: ["model.embedding", "model.hidden"]))
    }
    if case .sgd(let sgd) = training.optimizer, sgd.nesterov, sgd.momentum == 0 {
      objections.append(
        Objection(
          key: "training.optimizer.nesterov", reason: "needs a momentum above 0",
          otherKeys: ["training.optimizer.momentum"]))
    }
    if case .text(let corpus) = data {
      if task == .tagging, corpus.tokens != .word {
        objections.append(
          Objection(key: "data.tokens", reason: "CoNLL-U says itself what a token is", otherKeys: ["task"]))
      }
      if corpus.validation == nil {
        let reason = "follows the validation loss; give data.validation"
        if training.earlyStopping != nil {
          objections.append(
            Objection(key: "training.early_stopping", reason: reason, otherKeys: ["data.validation"]))
        }
        if case .halving = training.schedule {
          objections.append(Objection(key: "training.schedule.name", reason: reason, otherKeys: ["data.validation"]))
        }
      }
    }
    return objections
  }

  /// Raises conflicts, and what training doesn't do yet, at the places of their keys.
  func reportObjections(in tree: YAMLTree, to reading: Reading) {
    for objection in conflicts + Self.unsupported(self) {
      let keys = [objection.key] + objection.otherKeys
      // Of what couldn't be read there is only the default here, which nobody asked for.
      let isMoot = reading.problems.contains { problem in keys.contains { Self.overlap($0, problem.key) } }
      if !isMoot { reading.report(tree.origin(ofKey: objection.key), objection.key, objection.reason) }
    }
  }

  /// Whether one key holds the other or is it.
  private static func overlap(_ a: String, _ b: String) -> Bool {
    a == b || a.hasPrefix(b + ".") || b.hasPrefix(a + ".")
  }
}
