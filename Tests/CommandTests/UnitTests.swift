import Presentation
import Testing
import rnn_train

/// The pure functions behind the command line.
struct UnitTests {
  @Test(arguments: [
    ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("50000 100000", 1), ("-1 100000", nil),
    ("0 100000", nil), ("100000", nil), ("", nil), ("100000 0", nil), ("9223372036854775807 1", Int.max),
  ])
  func quotas(text: String, processors: Int?) {
    #expect(ProcessorCount.quota(text) == processors)
  }

  @Test func cgroupFilesOfBothVersions() {
    #expect(
      ProcessorCount.cgroupFiles("0::/user/job\n") == [
        ["/sys/fs/cgroup/cpu.max"], ["/sys/fs/cgroup/user/cpu.max"], ["/sys/fs/cgroup/user/job/cpu.max"],
      ])
    let old = ProcessorCount.cgroupFiles("5:memory:/x\n4:cpu,cpuacct:/\n1:name=systemd:/init\n")
    let root = "/sys/fs/cgroup/cpu,cpuacct"
    #expect(old == [["\(root)/cpu.cfs_quota_us", "\(root)/cpu.cfs_period_us"]])
    #expect(ProcessorCount.cgroupFiles("nonsense").isEmpty)
  }

  @Test(arguments: [
    ("0-3,8", 5), ("0", 1), ("2-2", 1), ("0-1,4-5,7", 5), ("", nil), ("3-1", nil), ("a", nil), ("1-2-3", nil),
  ])
  func affinity(list: String, processors: Int?) {
    let status = "Name:\trnn-train\nCpus_allowed:\tff\nCpus_allowed_list:\t\(list)\nMems_allowed:\t1\n"
    #expect(ProcessorCount.affinity(status) == processors)
  }

  @Test func someProcessorIsAvailable() { #expect(ProcessorCount.available() >= 1) }

  @Test func progressFitsEveryWidth() {
    let line = ProgressLine(
      head: "epoch 3/10", fraction: 0.42, details: ["loss 4.5120", "3 min 2 s left", "84,213 tokens/s"])
    for width in 0...200 { #expect(line.text(width: width).count <= width) }
    #expect(line.text(width: 20) == "epoch 3/10  42%")
    #expect(line.text(width: 28) == "epoch 3/10  42%  loss 4.5120")
    #expect(line.text(width: 200).contains("[============>                 ]  42%"))
    #expect(ProgressLine(head: "", fraction: 1, details: []).text(width: 30).contains("[=="))
  }

  @Test func numbers() {
    #expect(Format.count(0) == "0")
    #expect(Format.count(999) == "999")
    #expect(Format.count(-1_234_567) == "-1,234,567")
    #expect(Format.duration(.milliseconds(400)) == "0.4 s")
    #expect(Format.duration(.seconds(59.7)) == "1 min 0 s")
    #expect(Format.duration(.seconds(3 * 3600 + 300)) == "3 h 5 min")
    #expect(Format.bytes(999) == "999 bytes")
    #expect(Format.bytes(1_500_000) == "1.5 MB")
    #expect(Format.percent(1, of: 8) == "12.5%")
    #expect(Format.perplexity(1e9) == "1e+09")
    #expect(Format.rate(500, in: .seconds(2)) == "250 tokens/s")
  }

  @Test func shellWords() {
    #expect(Format.shellWord("runs/lm-2.h5") == "runs/lm-2.h5")
    #expect(Format.shellWord("my runs/it's") == #"'my runs/it'\''s'"#)
    #expect(Format.shellWord("") == "''")
  }

  @Test func controlCharactersOnATerminal() {
    #expect(Format.printable("a\u{1B}[31m\r\u{7}\u{9B}\u{7F}\0b") == #"a\u{1B}[31m\u{D}\u{7}\u{9B}\u{7F}\u{0}b"#)
    for plain in ["", "two\nlines\tand a tab", "日本語 e\u{301} 👩‍👩‍👧"] { #expect(Format.printable(plain) == plain) }
  }
}
