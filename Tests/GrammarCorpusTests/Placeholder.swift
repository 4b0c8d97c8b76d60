import Testing

import GrammarCorpus
