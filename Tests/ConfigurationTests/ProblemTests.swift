import Configuration
import ConfigurationFiles
import Testing

/// What a user reads about a configuration that is wrong, to the letter.
@Suite struct ProblemTests {
  @Test(arguments: [
    // Unknown keys
    ("training:\n  bach_size: 3\n", "3:3: training.bach_size: unknown key; did you mean batch_size?"),
    ("training: {batchSize: 3}\n", "2:12: training.batchSize: unknown key; did you mean batch_size?"),
    ("training: {pbtt: 3}\n", "2:12: training.pbtt: unknown key; did you mean bptt?"),
    ("batch_size: 3\n", "2:1: batch_size: unknown key; batch_size belongs under training"),
    ("model: {seed: 3}\n", "2:9: model.seed: unknown key; seed belongs at the top level"),
    (
      "training: {name: sgd}\n",
      "2:12: training.name: unknown key; name belongs under training.averaging, training.optimizer or training.schedule"
    ),
    ("evaluation: {windows: 3}\n", "2:14: evaluation.windows: unknown key; expected streams"),
    (
      "output: {colour: 3}\n",
      "2:10: output.colour: unknown key; expected checkpoint_every, directory, keep or tensorboard"
    ),
    // Wrong types
    ("seed: abc\n", "2:7: seed: expected a whole number of at least 0, found 'abc'"),
    ("seed: '3'\n", "2:7: seed: expected a whole number of at least 0, found the string '3'"),
    ("seed:\n", "2:6: seed: expected a whole number of at least 0, found nothing"),
    ("seed: [1]\n", "2:7: seed: expected a whole number of at least 0, found a list"),
    ("seed: {a: 1}\n", "2:7: seed: expected a whole number of at least 0, found a mapping"),
    ("model: 3\n", "2:8: model: expected a mapping of keys, found '3'"),
    ("model:\n", "2:7: model: expected a mapping of keys, found nothing"),
    ("model: {dropout: x}\n", "2:18: model.dropout: expected a number of at least 0 and below 1, found 'x'"),
    ("task: tag\n", "2:7: task: expected language-model or tagging, found 'tag'"),
    ("model: {cell: lstn}\n", "2:15: model.cell: expected elman, gru, lstm or cifg, found 'lstn'; did you mean lstm?"),
    ("model: {tie_embeddings: yes}\n", "2:25: model.tie_embeddings: expected true or false, found 'yes'; write true"),
    ("model: {tie_embeddings: Off}\n", "2:25: model.tie_embeddings: expected true or false, found 'Off'; write false"),
    ("model: {tie_embeddings: 1}\n", "2:25: model.tie_embeddings: expected true or false, found '1'"),
    ("output: {directory: ''}\n", "2:21: output.directory: expected a path, found the string ''"),
    // Out of range
    ("seed: -1\n", "2:7: seed: expected a whole number of at least 0, found '-1'"),
    ("training: {epochs: 0}\n", "2:20: training.epochs: expected a whole number from 1 to 1000000, found '0'"),
    ("training: {clip_norm: -.5}\n", "2:23: training.clip_norm: expected a number of at least 0, found '-.5'"),
    (
      "training: {schedule: {name: step, factor: 1}}\n",
      "2:43: training.schedule.factor: expected a number above 0 and below 1, found '1'"
    ),
    (
      "training: {optimizer: {learning_rate: 1e39}}\n",
      "2:39: training.optimizer.learning_rate: expected a number above 0, found '1e39', which single precision can't hold"
    ),
    (
      "training: {optimizer: {learning_rate: 1e-60}}\n",
      "2:39: training.optimizer.learning_rate: expected a number above 0, found '1e-60', which single precision can't hold"
    ),
    (
      "training: {optimizer: {name: adam, epsilon: 1e-38}}\n",
      "2:45: training.optimizer.epsilon: expected a number of at least 1e-37, found '1e-38'"
    ),
    (
      "training: {optimizer: {name: rmsprop, epsilon: 1e-46}}\n",
      "2:48: training.optimizer.epsilon: expected a number of at least 1e-37, found '1e-46', which single precision can't hold"
    ),
    ("training: {optimizer: {name: adamw, epsilon: 1e-37}}\n", nil),
    // Keys of alternatives that weren't chosen
    (
      "training: {optimizer: {name: adam, momentum: 0.9}}\n",
      "2:36: training.optimizer.momentum: belongs to sgd; the optimizer is adam"
    ),
    (
      "training: {optimizer: {name: rmsprop, weight_decay: 0.1}}\n",
      "2:39: training.optimizer.weight_decay: belongs to sgd, adam, adamw and lion; the optimizer is rmsprop"
    ),
    (
      "training: {schedule: {every: 3}}\n",
      "2:23: training.schedule.every: belongs to step; the schedule is constant"
    ),
    // Duplicate keys
    ("seed: 1\nseed: 2\n", "3:1: seed: duplicate key; first given on line 2"),
    ("'seed': 1\n\"seed\": 2\n", "3:1: seed: duplicate key; first given on line 2"),
    ("training:\r\n  bptt: 1\r\n  bptt: 2\r\n", "4:3: training.bptt: duplicate key; first given on line 3"),
    // Contradictions
    ("training: {early_stopping: {}}\n", nil),
    ("training: {averaging: {name: nt-asgd, interval: 7}}\n", nil),
    (
      "training: {averaging: {name: nt-asgd, interval: 8}}\n",
      "2:39: training.averaging.interval: averaging begins after 10 epochs at the earliest, and training ends after 10"
    ),
    (
      "training: {epochs: 3, averaging: {name: mean, start: 3}}\n",
      "2:47: training.averaging.start: averaging begins after 3 epochs at the earliest, and training ends after 3"
    ),
    ("training: {batch_size: 8, shards: 8}\n", nil),
    ("training: {batch_size: 8, shards: 9}\n", "2:27: training.shards: is above batch_size, which is 8"),
    ("training: {random_windows: {}}\n", nil),
    (
      "training: {bptt: 8, random_windows: {shortest: 9}}\n",
      "2:38: training.random_windows.shortest: is above bptt, which is 8"
    ),
    (
      "training: {bptt: 8, random_windows: {deviation: 9}}\n",
      "2:38: training.random_windows.deviation: is above bptt, which is 8"
    ),
    (
      "task: tagging\nmodel: {output: {kind: crf, samples: 3}}\n",
      "3:29: model.output.samples: belongs to sampled; the output layer is crf"
    ),
    (
      "task: tagging\ntraining: {random_windows: {}}\n",
      "3:12: training.random_windows: is for language models; a tagger reads sentences whole"
    ),
    (
      "training: {averaging: {name: mean, decay: 0.9}}\n",
      "2:36: training.averaging.decay: belongs to exponential; the averaging is mean"
    ),
    (
      "training: {optimizer: {nesterov: true}}\n",
      "2:24: training.optimizer.nesterov: needs a momentum above 0"
    ),
    ("model: {tie_embeddings: true}\n", nil),
    (
      "task: tagging\nmodel: {tie_embeddings: true}\n",
      "3:9: model.tie_embeddings: a tagger's output layer has tags, not the tokens of the embedding"
    ),
    (
      "model: {characters: {}}\n",
      "2:9: model.characters: is for tagging; a language model's words are those of its vocabulary"
    ),
    ("task: tagging\nmodel: {characters: {}}\n", nil),
    ("model: {characters: ~}\n", nil),
    (
      "model: {character_model: {forward: runs/lm}}\n",
      "2:9: model.character_model: is for tagging; a language model of words reads no characters"
    ),
    ("task: tagging\nmodel: {character_model: {}}\n", "3:9: model.character_model: needs forward, backward or both"),
    (
      "task: tagging\nmodel: {character_model: {backward: runs/lm}}\n",
      "3:9: model.character_model: reads words; synthetic ids are none"
    ),
    ("model: {residual: true}\n", nil),
    ("model: {hidden: [400, 1150, 400], embedding: 400, tie_embeddings: true}\n", nil),
    ("model: {hidden: [8, 9], layers: 2}\n", nil),
    ("task: tagging\nmodel: {hidden: [8, 9], bidirectional: true}\n", nil),
    (
      "model: {layers: 1, hidden: [8, 9]}\n",
      "2:9: model.layers: hidden has a number for each of 2 layers, found 1; leave layers out"
    ),
    (
      "model: {hidden: []}\n",
      "2:17: model.hidden: expected a whole number from 1 to 65536, or a list of up to 64 of them, one for each layer, "
        + "found a list"
    ),
    ("model: {hidden: [8, 0]}\n", "2:21: model.hidden: expected a whole number from 1 to 65536, found '0'"),
    (
      "model: {hidden: [400, 1150], embedding: 400, tie_embeddings: true}\n",
      "2:46: model.tie_embeddings: needs an embedding as wide as the last layer, found 400 and 1150"
    ),
    (
      "model: {residual: true, embedding: 6, hidden: [7, 8]}\n",
      "2:9: model.residual: needs a layer with an input and an output of one width, found 6 > 7 > 8"
    ),
    ("model: {residual: true, embedding: 6, hidden: [7, 7, 8]}\n", nil),
    ("model: {residual: true, embedding: 64, layers: 2}\n", nil),
    (
      "model: {residual: true, embedding: 64}\n",
      "2:9: model.residual: needs a layer with an input and an output of one width, found a single layer with 64 and 128"
    ),
    ("task: tagging\nmodel: {residual: true, embedding: 156, bidirectional: true, characters: {}}\n", nil),
    (
      "task: tagging\nmodel: {residual: true, bidirectional: true, characters: {}}\n",
      "3:9: model.residual: needs a layer with an input and an output of one width, found a single layer with 228 and 256"
    ),
    (
      "model: {variational_dropout: true}\n",
      "2:9: model.variational_dropout: needs a dropout, embedding_dropout or output_dropout above 0"
    ),
    ("model: {variational_dropout: true, dropout: .1}\n", nil),
    ("model: {variational_dropout: true, output_dropout: .1}\n", nil),
    ("model: {dropout: .1, output_dropout: 0, vocabulary_dropout: .1}\n", nil),
    ("model: {weight_dropout: .5}\n", nil),
    ("training: {activation_regularization: 2, temporal_activation_regularization: 1}\n", nil),
    (
      "training: {activation_regularization: -1}\n",
      "2:39: training.activation_regularization: expected a number of at least 0, found '-1'"
    ),
    (
      "model: {weight_dropout: -.1}\n",
      "2:25: model.weight_dropout: expected a number of at least 0 and below 1, found '-.1'"
    ),
    (
      "model: {vocabulary_dropout: 1}\n",
      "2:29: model.vocabulary_dropout: expected a number of at least 0 and below 1, found '1'"
    ),
    ("model: {variational_dropout: true, embedding_dropout: .1}\n", nil),
    ("model: {word_dropout: 1}\n", "2:23: model.word_dropout: expected a number of at least 0 and below 1, found '1'"),
    (
      "model: {initialization: {recurrent: identity}}\n",
      "2:26: model.initialization.recurrent: identity is for the cell elman with the activation relu"
    ),
    ("model: {activation: relu, initialization: {recurrent: identity}}\n", nil),
    ("model: {cell: gru, initialization: {recurrent: orthogonal}}\n", nil),
    (
      "model: {cell: gru, initialization: {forget_bias: 1}}\n",
      "2:37: model.initialization.forget_bias: the cell gru has no forget gate; only lstm and cifg have one"
    ),
    ("model: {cell: lstm, initialization: {forget_bias: -1}}\n", nil),
    ("model: {cell: cifg, initialization: {forget_bias: 1}}\n", nil),
    (
      "model: {cell: lstm, initialization: {forget_bias: x}}\n",
      "2:51: model.initialization.forget_bias: expected a number of either sign, found 'x'"
    ),
    (
      "model: {initialization: {weights: xavier}}\n",
      "2:35: model.initialization.weights: expected uniform or glorot, found 'xavier'"
    ),
    ("model: {output: {kind: class}}\n", nil),
    ("model: {output: {kind: adaptive, cutoffs: [100], div_value: 1}}\n", nil),
    ("model: {output: {kind: sampled, samples: 50}}\ntraining: {sparse_updates: true}\n", nil),
    (
      "model: {output: {kind: sampled, samples: 0}}\n",
      "2:42: model.output.samples: expected a whole number from 1 to 1000000, found '0'"
    ),
    ("model: {output: {kind: sampled}, tie_embeddings: true}\n", nil),
    (
      "model: {output: {kind: adaptive, cutoffs: [100, 100]}}\n",
      "2:43: model.output.cutoffs: expected a list of ascending numbers, each a whole number of at least 1, found [100, 100]"
    ),
    (
      "model: {output: {kind: adaptive, cutoffs: [0, 100]}}\n",
      "2:44: model.output.cutoffs: expected a whole number of at least 1, found '0'"
    ),
    (
      "model: {output: {cutoffs: [100]}}\n",
      "2:18: model.output.cutoffs: belongs to adaptive; the output layer is softmax"
    ),
    (
      "model: {output: {kind: class}, tie_embeddings: true}\n",
      "2:32: model.tie_embeddings: is for the output layer softmax or sampled, found class"
    ),
    (
      "task: tagging\nmodel: {output: {kind: adaptive}}\n",
      "3:18: model.output.kind: adaptive is for language models; tags are too few for it"
    ),
    ("model: {vectors: v.txt}\n", "2:9: model.vectors: has vectors of words; synthetic ids are none"),
    // Keys that aren't words
    ("? [a]\n: 1\n", "2:3: expected a key, found a list or a mapping"),
    (
      "\"a\\e[31m\": 1\n",
      "2:1: a\\u{1B}[31m: unknown key; expected data, evaluation, model, output, seed, task or training"
    ),
  ])
  func oneProblem(text: String, expected: String?) {
    let lines = complaints("data: {synthetic: {}}\n" + text)
    #expect(lines == (expected.map { ["lm.cfg:\($0)"] } ?? []))
  }

  @Test func modelsThatContradictThemselves() {
    let text = minimal + "model: {bidirectional: true, tie_embeddings: true, embedding: 3, hidden: 4}\n"
    #expect(
      complaints(text) == [
        "lm.cfg:3:9: model.bidirectional: a language model must not see the future",
        "lm.cfg:3:30: model.tie_embeddings: needs an embedding as wide as the last layer, found 3 and 8",
      ])
  }

  @Test func everythingAtOnceInTheOrderOfLines() {
    let text = """
      sed: 1
      data:
        train: a.txt
        validation: {split: 2}
      model: {cell: gru, activation: tanh}
      training:
        bptt: 3
        epochs: none
        bptt: 4
        bptt: 0
        optimizer: {name: adagrad, momentum: 0.9}
        schedule: {name: halving}
      """
    #expect(
      complaints(text, "training.batch_size=0", "outputs.keep=1") == [
        "lm.cfg:1:1: sed: unknown key; did you mean seed?",
        "lm.cfg:4:23: data.validation.split: expected a number above 0 and below 0.5, found '2'",
        "lm.cfg:5:20: model.activation: belongs to elman; the cell is gru",
        "lm.cfg:8:11: training.epochs: expected a whole number from 1 to 1000000, found 'none'",
        "lm.cfg:9:3: training.bptt: duplicate key; first given on line 7",
        "lm.cfg:10:3: training.bptt: duplicate key; first given on line 7",
        "lm.cfg:10:9: training.bptt: expected a whole number from 1 to 65536, found '0'",
        "lm.cfg:11:21: training.optimizer.name: expected sgd, rmsprop, adam, adamw or lion, found 'adagrad'",
        "training.batch_size=0: expected a whole number from 1 to 65536, found '0'",
        "outputs.keep=1: outputs: unknown key; did you mean output?",
      ])
  }

  @Test func whatCouldNotBeReadRaisesNoContradiction() {
    let text = "data: {train: a, validation: {split: 2}}\ntraining: {schedule: {name: halving}}\n"
    #expect(
      complaints(text) == ["lm.cfg:1:38: data.validation.split: expected a number above 0 and below 0.5, found '2'"])
  }
}
