import Testing
import Configuration
@Test func explore() throws {
  func show(_ t: String, _ o: String...) {
    do { print(try RunConfiguration.parse(text: t, name: "lm.cfg", directory: "/corpora/c", overrides: o, checkFiles: false).render()) }
    catch { print(error) }
    print("-----")
  }
  show(minimal)
  show("data:\n  train: ../a b.txt\n  validation: {split: .05}\n  test: é\u{1F600}.txt\ntraining:\n  schedule: {name: step}\n  optimizer: {name: adamw}\n  early_stopping: {}\n")
  show("seed: 1\nseed: 2\ndata: {train: x, train: y}\ntraining:\n  bptt: 3\n  bach_size: 3\n  bptt: 4\n  bptt: abc\n  learning_rate: 3\nbatch_size: 3\nmodel: {cell: gru, activation: tanh, dropout: yes, bidirectional: yes}\n")
  show("data: [1\n")
  show("a: b: c\n")
  show("a: 1\n b: 2\n")
  show("")
  show("# only\n")
  show("- a\n")
  show("hello")
  show("---\na: 1\n---\nb: 2\n")
  show("? [a]\n: 1\n? {b: 1}\n: 3\n")
  show("\"seed\": 1\n\"seed\": 2\n")
  show("a: *x\n")
  show("seed: \"\\0\"\ndata: {train: \"a\\0b\"}")
  show("seed: \u{1B}[31m\n")
  show("\u{FEFF}seed: 4\ndata: {synthetic: {}}\n")
  show("data:\n  train: &x [a, b]\n  validation: *x\n")
  show("data:\n  train: x\n  dataset: y\n  tokens: wrod\n")
  show("data:\n  dataset: y\n  tokens: word\n")
  show("data:\n  trian: y\n  tokens: word\n")
  show("seed: 99999999999999999999\ntraining: {optimizer: {learning_rate: 1e39}, clip_norm: -1, epochs: 1.5, bptt: '3'}\ndata: {train: no}\nmodel: 3\n")
  show(minimal, "training.batch_size=0", "training.optimizer={nam: adam}", "seed.x=1", "seed", "=3")
  show(minimal, "training.batch_size=0", "training.optimizer={nam: adam}", "seed=1", "seed.x=1", "training.bptt=[1")
  show(minimal + "training:\n  optimizer: {name: sgd, momentum: 0.9}\n", "training.optimizer.name=adam")
  var bomb = "a: &a [x,x]\n"
  for i in 0..<30 { bomb += "\(i)b: &b\(i) [*\(i == 0 ? "a" : "b\(i-1)"), *\(i == 0 ? "a" : "b\(i-1)")]\n" }
  show(bomb)
  show(String(repeating: "[", count: 500_000))
  show(String(repeating: "[", count: 990) + String(repeating: "]", count: 990))
  var deep = ""
  for i in 0..<16 { deep += "k\(i): &k\(i) " + String(repeating: "[", count: 900) + (i == 0 ? "x" : "*k\(i-1)") + String(repeating: "]", count: 900) + "\n" }
  show(deep)
  for k in RunConfiguration.keys { print(k.path, "|", k.expectation, "|", k.defaultText ?? "-", "|", k.alternative ?? "-", "|", k.help) }
}
