import Collectives

/// What a run is asked to do, by requests that any of its ranks may have got: all look at them at the same time, and do the same.
///
/// It is asked after every step, and allocates nothing then.
final class RequestsOfRanks: Sendable {
  private let own: RunRequests
  /// [ranks] what is asked for, and the signal that asks for it.
  private let all: RankWords

  init(_ own: RunRequests, _ ranks: any Communicator) {
    self.own = own
    all = RankWords(2, of: ranks)
  }

  /// What has been asked for on some rank.
  ///
  /// - Parameter takesCheckpoints: whether requests of checkpoints are taken; otherwise they stay.
  func asked(takesCheckpoints: Bool = false) -> RunRequests.Asked {
    let asked = own.asked(takesCheckpoints: takesCheckpoints)
    guard all.ranks.count > 1 else { return asked }
    all.own[0] = asked.rawValue
    all.own[1] = UInt32(bitPattern: own.signal)
    all.share()
    if let rank = all.ranks.first(where: { all[$0][1] != 0 }) {
      own.agree(on: Int32(bitPattern: all[rank][1]))
    }
    return all.ranks.reduce(into: []) { $0.formUnion(RunRequests.Asked(rawValue: all[$1][0])) }
  }
}
