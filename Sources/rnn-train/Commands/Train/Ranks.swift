import Collectives
import Configuration
import Datasets
import Diagnostics
import Files
import Glibc
import Training

/// The processes that train a run together, this one among them: what they decide together before the run begins, and how all
/// end when one of them fails.
///
/// Until the run begins all they have to say to each other is said in meetings, each of as many words of every rank, the first
/// of which says whether that one has failed. So a rank may fail anywhere: the others hear of it at their next meeting.
final class Ranks {
  let communicator: any Communicator
  /// Whether all know of what has failed on one.
  private var isFailureKnown = false
  private var hasLeft = false

  /// Words of a meeting but the first: as many as a hash has.
  private static let wordCount = 8

  /// Joins the others, if a launcher has started some; once in a process.
  init() throws(LaunchError) {
    do throws(LaunchError) {
      communicator = try Launch.current.join()
    } catch {
      // All of them have found out.
      Self.leaveTheWordToTheFirst(exitCode: error.exitCode.rawValue)
      throw error
    }
  }

  var count: Int { communicator.count }
  /// Whether this is the one that writes, and that speaks for all.
  var isFirst: Bool { communicator.rank == 0 }

  // MARK: before a run begins

  /// Does what comes before a run's first step; whatever fails on one rank fails on all.
  ///
  /// - Throws: what `body` throws on the first rank on which it throws, there; `Failed` on all others.
  func prepare<Result>(_ body: () throws -> Result) throws -> Result {
    let result: Result
    do {
      result = try body()
    } catch let error as Failed {
      throw error
    } catch {
      isFailureKnown = true
      let code = Failure.exitCode(for: error)
      let first = exchange(code: code, [])
      if first.rank < communicator.rank { throw Failed(rank: first.rank, code: first.code) }
      throw error
    }
    _ = try meet()
    return result
  }

  /// Does something on the first rank alone.
  ///
  /// - Returns: nil on all others, when it is done.
  func onFirst<Result>(_ body: () throws -> Result) throws -> Result? {
    let result = isFirst ? try body() : nil
    _ = try meet()
    return result
  }

  /// Does something on the first rank and then on all others, which find what it has left.
  func afterFirst<Result>(_ body: () throws -> Result) throws -> Result {
    if let result = try onFirst(body) { return result }
    return try body()
  }

  /// A number that the first rank has, or that it has none.
  func first(_ number: Int?) throws -> Int? { NumberWords.number(of: try meet(NumberWords.words(of: number))[0]) }

  /// Makes sure that each rank can have a shard.
  func requireShards(_ configuration: RunConfiguration) throws(LaunchError) {
    let shards = configuration.training.shards
    guard count <= shards else { throw .tooManyRanks(count, shards: shards) }
  }

  /// Makes sure that all ranks are about to train the same.
  func requireSame(
    _ configuration: RunConfiguration, _ dataset: SequenceDataset, _ characterModels: TrainedCharacterModels?
  ) throws {
    guard count > 1 else { return }
    let hashes = try dataset.contentHashes().sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.key) \($0.value)"
    }
    let tags = dataset.tagging.map { "\($0.columns.map { ($0.column, $0.tags) }) \($0.combinations)" } ?? ""
    let vocabulary = ["\(dataset.vocabulary.isLowercase)", tags] + dataset.vocabulary.tokens
    let all = [
      ("program", ProgramVersion.name), ("configuration", configuration.render()),
      ("dataset", (hashes + vocabulary).joined(separator: "\n")),
      ("character model", try characterModels?.parameterHash() ?? ""),
    ]
    for (what, text) in all {
      let found = try meet(Array(text.utf8).withUnsafeBytes { ContentHash.words(of: $0) })
      if let other = found.firstIndex(where: { $0 != found[0] }) {
        throw LaunchError.differs(rank: other, what: what)
      }
    }
  }

  /// - Returns: the words of each rank.
  private func meet(_ words: [UInt32] = []) throws(Failed) -> [[UInt32]] {
    let all = exchange(code: 0, words)
    guard all.code == 0 else {
      isFailureKnown = true
      throw Failed(rank: all.rank, code: all.code)
    }
    return all.words
  }

  /// - Parameter code: 0, or what this rank fails with.
  /// - Returns: the first rank that has failed, and its code; or the words of each.
  private func exchange(code: Int32, _ words: [UInt32]) -> (rank: Int, code: Int32, words: [[UInt32]]) {
    let padding = [UInt32](repeating: 0, count: Self.wordCount - words.count)
    let all = communicator.gather([UInt32(bitPattern: code)] + words + padding)
    let failed = all.firstIndex { $0[0] != 0 }
    return (failed ?? 0, failed.map { Int32(bitPattern: all[$0][0]) } ?? 0, all.map { Array($0.dropFirst()) })
  }

  /// Another rank has failed, and says why.
  private struct Failed: DiagnosedError {
    let rank: Int
    let code: Int32

    var exitCode: Diagnostics.ExitCode { Diagnostics.ExitCode(rawValue: code) ?? .internalFault }
    var description: String { "the process of rank \(rank) has failed, with exit code \(code)" }
  }

  // MARK: the end

  /// Leaves the others, which do so too: what a process does from here on is its own affair.
  func leave() {
    if hasLeft { return }
    hasLeft = true
    communicator.finish()
  }

  /// Ends all processes where this one can't go on. Of what all know one has to speak, and all end alike.
  func end(after error: any Error) {
    if count == 1 || hasLeft { return }
    if let failed = error as? Failed {
      leave()
      exit(failed.code)
    }
    let code = Failure.exitCode(for: error)
    // What makes a run diverge, every rank has computed.
    if isFailureKnown || error is Divergence {
      // The launcher may end this process as soon as another one has ended.
      if isFailureKnown || isFirst { Failure.say(error) }
      leave()
      exit(code)
    }
    if !isFirst { usleep(Self.grace) }
    Failure.say(error, addition: isFirst ? "" : " (rank \(communicator.rank))")
    communicator.abort(code: code)
  }

  /// How long others wait for the first rank to say what may have happened to all.
  private static let grace: UInt32 = 500_000

  /// Ends a process that isn't the first of those that a launcher has started, with what every one of them has found out: once
  /// is enough to read it.
  static func leaveTheWordToTheFirst(exitCode: Int32) {
    guard Launch.current.rank > 0 else { return }
    usleep(grace)
    exit(exitCode)
  }
}
