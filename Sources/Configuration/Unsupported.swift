extension RunConfiguration {
  /// What can be said in a configuration and not be trained yet.
  static func unsupported(_ configuration: RunConfiguration) -> [Objection] {
    let model = configuration.model
    var keys: [(String, String)] = []
    if configuration.task == .tagging { keys.append(("task", "tagging")) }
    if model.bidirectional { keys.append(("model.bidirectional", "a bidirectional model")) }
    if model.dropout > 0 { keys.append(("model.dropout", "dropout")) }
    if model.tieEmbeddings { keys.append(("model.tie_embeddings", "tying embeddings")) }
    return keys.map { Objection(key: $0.0, reason: "\($0.1) is not supported yet") }
  }
}
