import Compute
import Testing

/// The rule of a phase, as debug builds check it: no job writes what another one of the phase reads or writes.
@Suite(.enabled(if: Watchdog.isOn, "only debug builds have a watchdog"))
struct WatchdogTests {
  /// Everything that workers may do in a phase.
  @Test func whatKeepsTheRulePasses() {
    let (source, target) = (OwnedMatrix(rows: 40, columns: 64), OwnedMatrix(rows: 40, columns: 64))
    let sums = Buffer<Double>(count: 4, repeating: 0)
    let kernels = Kernels.available[0]
    let phases = PhaseList([
      // Jobs read the same rows, and write panels of their own.
      Phase(.forward, jobs: { 4 }) { job in
        let panel = job..<job + 1
        target.view.panels(panel).copyRows(from: source.view.panels(panel))
        kernels.multiply(
          source.view.rows(0..<16).panels(0..<1), transposed: true, source.view.rows(0..<16).panels(panel),
          into: target.view.rows(0..<16).panels(panel), start: .accumulate)
        sums[job] += Double(target.view[3, job * 16])
      },
      // What was written in the phase before may be read by all.
      Phase(.norm, jobs: { 2 }) { job in
        sums[2 * job] = kernels.sumOfSquares(target.view.base, count: 40 * 16)
      },
    ])
    for _ in 0..<20 { Workers(count: 3).run(phases) }
  }

  private static func message(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test func twoJobsMustNotWriteOneElement() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = Buffer<Int32>(count: 10, repeating: 0)
      let phases = PhaseList([
        Phase(.input, jobs: { 5 }) { buffer[$0] = 1 },
        Phase(.reduce, jobs: { 3 }) { buffer[[4, 7, 4][$0]] = Int32($0) },
      ])
      Workers(count: 2).run(phases)
    }
    #expect(Self.message(result).contains(/phase 1 \(reduce\): job [02] writes what job [02] writes/))
  }

  @Test func whatAnotherJobWritesMustNotBeRead() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (source, target) = (OwnedMatrix(rows: 20, columns: 32), OwnedMatrix(rows: 20, columns: 32))
      // Job 1 reads the last row of job 0.
      Workers(count: 1).run(
        PhaseList([
          Phase(.forward, jobs: { 2 }) { job in
            if job == 0 {
              source.view.rows(0..<10).zeroRows()
            } else {
              target.view.rows(9..<20).copyRows(from: source.view.rows(9..<20))
            }
          }
        ]))
    }
    #expect(Self.message(result).contains("phase 0 (forward): job 0 writes what job 1 reads"))
  }

  /// Kernels that gather and scatter touch the rows of their index, and no others.
  @Test func rowsOfAnIndexAreToldApart() async {
    await #expect(processExitsWith: .success) { Self.scatter([[0, 2, 4], [1, 3, 5]]) }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Self.scatter([[0, 2, 4], [1, 4, 5]])
    }
    #expect(Self.message(result).contains(/phase 0 \(output\): job [01] writes what job [01]/))
  }

  private static func scatter(_ rows: [[Int32]]) {
    let (source, target) = (OwnedMatrix(rows: 3, columns: 16), OwnedMatrix(rows: 6, columns: 16))
    Workers(count: 1).run(
      PhaseList([
        Phase(.output, jobs: { rows.count }) { job in
          rows[job].withUnsafeBufferPointer { index in
            guard let base = index.baseAddress else { return }
            target.view.addRows(of: source.view, panel: 0, at: base)
          }
        }
      ]))
  }

  @Test func barePointersCountWhereTheyAreDeclared() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let arena = Arena(count: 100)
      Workers(count: 1).run(
        PhaseList([
          Phase(.update, jobs: { 3 }) { job in
            // One float too many.
            Watchdog.writes(arena.base + job * 10, count: job == 1 ? 11 : 10)
          }
        ]))
    }
    #expect(Self.message(result).contains("phase 0 (update): job 2 writes what job 1 writes"))
  }
}
