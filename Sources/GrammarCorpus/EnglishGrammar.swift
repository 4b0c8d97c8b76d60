/// The grammar of the corpus that the project ships: small, regular, mildly odd English.
///
/// It is made so that a network must remember. Four themes have nouns and verbs of their own, so a sentence's first
/// noun tells much about its last. Subjects agree with their verbs across phrases that hold nouns of the other number
/// ("the dogs near the barn bark"), reflexives and possessives with a subject further back. A word like "yesterday" or
/// "does" at the beginning decides the verb's form later on. A relative clause may lack the object that its verb needs.
package enum EnglishGrammar {
  package static func load() throws(GrammarError) -> Grammar {
    try Grammar(table: rules + "\n" + lexicon)
  }

  /// The phrases. What a phrase is about is a feature: `he`, `she`, `people`, `beast`, `beasts`, `thing`, `things`.
  private static let rules = """
    theme      = farm sea palace school
    tense      = present*5 past*4 future
    who        = he*3 she*3 people*4 beast*3 beasts*3 thing things
    one        = he*3 she*3 beast*3 thing
    many       = people*3 beasts*2 things
    person     = he she people
    one-person = he she
    other      = he she people            # a second person in the same rule
    animal     = beast beasts
    prey       = beast beasts             # a second animal
    object     = thing things
    sort       = person animal object
    form       = singular plural past base gerund

    sentence:
      1  sentence.<theme>

    sentence.<theme>:
      6  statement.<theme> ./PUNCT
      1  question.<theme> ?/PUNCT

    statement.<theme>:
      40  clause.<theme>.<tense>
      12  opening.<tense> clause.<theme>.<tense>
       3  clause.<theme>.<tense> conjunction clause.<theme>.<tense>
       2  when/SCONJ clause.<theme>.<tense> ,/PUNCT clause.<theme>.<tense>
       2  there/PRON is/AUX a/DET noun.<theme>.<one> location.<theme>
       2  there/PRON are/AUX amount noun.<theme>.<many> location.<theme>

    clause.<theme>.<tense>:
      1  subject.<theme>.<who> predicate.<theme>.<who>.<tense>

    # Questions: the auxiliary in front leaves the base form or the gerund behind.
    question.<theme>:
      3  does/AUX subject.<theme>.<one> action.<theme>.<one>.base
      3  do/AUX subject.<theme>.<many> action.<theme>.<many>.base
      5  did/AUX subject.<theme>.<who> action.<theme>.<who>.base
      2  will/AUX subject.<theme>.<who> action.<theme>.<who>.base
      2  is/AUX subject.<theme>.<one> action.<theme>.<one>.gerund
      2  are/AUX subject.<theme>.<many> action.<theme>.<many>.gerund
      3  who/PRON predicate.<theme>.<one-person>.<tense>
      2  what/PRON does/AUX subject.<theme>.<one-person> act.<theme>.object.base
      2  what/PRON did/AUX subject.<theme>.<person> act.<theme>.object.base
      1  where/ADV does/AUX subject.<theme>.<one-person> rest.<theme>.base
      1  where/ADV do/AUX subject.<theme>.people rest.<theme>.base
      2  which/DET noun.<theme>.<who> predicate.<theme>.<who>.<tense>

    # The finite verb: it agrees with the subject, auxiliaries in its stead.
    predicate.<theme>.<one>.present:
      14  action.<theme>.<one>.singular
       3  is/AUX action.<theme>.<one>.gerund
       2  is/AUX state.<theme>.<one>
       2  does/AUX not/PART action.<theme>.<one>.base
    predicate.<theme>.<many>.present:
      14  action.<theme>.<many>.plural
       3  are/AUX action.<theme>.<many>.gerund
       2  are/AUX state.<theme>.<many>
       2  do/AUX not/PART action.<theme>.<many>.base
    predicate.<theme>.<one>.past:
      14  action.<theme>.<one>.past
       3  was/AUX action.<theme>.<one>.gerund
       2  was/AUX state.<theme>.<one>
       2  did/AUX not/PART action.<theme>.<one>.base
    predicate.<theme>.<many>.past:
      14  action.<theme>.<many>.past
       3  were/AUX action.<theme>.<many>.gerund
       2  were/AUX state.<theme>.<many>
       2  did/AUX not/PART action.<theme>.<many>.base
    predicate.<theme>.<who>.future:
      8  will/AUX action.<theme>.<who>.base
      2  will/AUX not/PART action.<theme>.<who>.base
      1  will/AUX be/AUX state.<theme>.<who>

    state.<theme>.<who>:
      2  quality.<who>
      1  very/ADV quality.<who>
      1  location.<theme>

    # The verb with its objects, in any form.
    action.<theme>.<who>.<form>:
      18  deed.<theme>.<who>.<form>
       3  deed.<theme>.<who>.<form> location.<theme>
       1  deed.<theme>.<who>.<form> manner
       1  habit deed.<theme>.<who>.<form>
       2  deed.<theme>.<who>.<form> and/CCONJ deed.<theme>.<who>.<form>

    deed.<theme>.<person>.<form>:
      4    rest.<theme>.<form>
      5    act.<theme>.object.<form> patient.<theme>.<object>
      4    act.<theme>.animal.<form> patient.<theme>.<animal>
      3    act.<theme>.person.<form> patient.<theme>.<other>
      1    give.<form> patient.<theme>.<other> phrase.<theme>.<object>
      1    give.<form> phrase.<theme>.<object> to/ADP phrase.<theme>.<other>
      1.5  hope.<form> to/PART deed.<theme>.<person>.base
      2    say.<form> that/SCONJ clause.<theme>.<tense>
      1.5  wash.<form> reflexive.<person>
      2    lose.<form> possessive.<person> item.<theme>.singular
    deed.<theme>.<animal>.<form>:
      5  move.<theme>.<form>
      3  chase.<form> patient.<theme>.<prey>
      3  chase.<form> patient.<theme>.<person>
      1  wash.<form> reflexive.<animal>
    deed.<theme>.<object>.<form>:
      3  fall.<form>
      1  please.<form> patient.<theme>.<person>

    # Noun phrases. Places and relative clauses put other nouns between a subject and its verb.
    subject.<theme>.<who>:
      9  phrase.<theme>.<who>
      1  subject-pronoun.<who>
    patient.<theme>.<who>:
      9  phrase.<theme>.<who>
      1  object-pronoun.<who>

    phrase.<theme>.<who>:
      14  simple.<theme>.<who>
       2  simple.<theme>.<who> location.<theme>
       2  simple.<theme>.<who> relative.<theme>.<who>
    phrase.<theme>.people:
      2  simple.<theme>.<one-person> and/CCONJ simple.<theme>.<person>
    phrase.<theme>.beasts:
      1  simple.<theme>.beast and/CCONJ simple.<theme>.<animal>

    simple.<theme>.<one>:
      5  determiner.one noun.<theme>.<one>
      2  determiner.one quality.<one> noun.<theme>.<one>
    simple.<theme>.<many>:
      5  determiner.many noun.<theme>.<many>
      2  determiner.many quality.<many> noun.<theme>.<many>
    simple.<theme>.<one-person>:
      2  name.<theme>.<one-person>

    noun.<theme>.he:
      1  man.<theme>.singular
    noun.<theme>.she:
      1  woman.<theme>.singular
    noun.<theme>.people:
      1  man.<theme>.plural
      1  woman.<theme>.plural
    noun.<theme>.beast:
      1  beast.<theme>.singular
    noun.<theme>.beasts:
      1  beast.<theme>.plural
    noun.<theme>.thing:
      1  item.<theme>.singular
    noun.<theme>.things:
      1  item.<theme>.plural

    quality.<person>:
      1  trait.person
    quality.<animal>:
      1  trait.beast
    quality.<object>:
      1  trait.thing

    location.<theme>:
      4  preposition determiner.one place.<theme>.singular
      1  preposition determiner.one quality.thing place.<theme>.singular
      3  preposition determiner.many place.<theme>.plural

    # Relative clauses: the noun is the subject, or the object that the clause's own verb lacks.
    relative.<theme>.<person>:
      4  who/PRON predicate.<theme>.<person>.<tense>
      1  that/PRON predicate.<theme>.<person>.<tense>
      3  that/PRON gap.<theme>.person
      0.5  gap.<theme>.person
    relative.<theme>.<animal>:
      4  that/PRON predicate.<theme>.<animal>.<tense>
      3  that/PRON gap.<theme>.animal
      0.5  gap.<theme>.animal
    relative.<theme>.<object>:
      1  that/PRON predicate.<theme>.<object>.<tense>
      4  that/PRON gap.<theme>.object
      1  gap.<theme>.object

    gap.<theme>.<sort>:
      4  subject.<theme>.<one-person> act.<theme>.<sort>.singular
      3  subject.<theme>.people act.<theme>.<sort>.plural
      5  subject.<theme>.<person> act.<theme>.<sort>.past
      1  subject.<theme>.<person> will/AUX act.<theme>.<sort>.base

    # Words of grammar.
    determiner.one:
       8  the/DET
       4  a/DET
       1  every/DET
       1  this/DET
       1  that/DET
    determiner.many:
       8  the/DET
       1  these/DET
       1  those/DET
       2  amount
    amount:
      3  some/DET
      2  many/ADJ
      2  two/NUM
      1  three/NUM

    opening.present:
      2  today/NOUN
      1  every/DET day/NOUN
      1  now/ADV
    opening.past:
      2  yesterday/NOUN
      1  last/ADJ night/NOUN
      1  once/ADV
    opening.future:
      2  tomorrow/NOUN
      1  soon/ADV

    subject-pronoun.he:
      1  he/PRON
    subject-pronoun.she:
      1  she/PRON
    subject-pronoun.<many>:
      1  they/PRON
    subject-pronoun.beast:
      1  it/PRON
    subject-pronoun.thing:
      1  it/PRON
    object-pronoun.he:
      1  him/PRON
    object-pronoun.she:
      1  her/PRON
    object-pronoun.<many>:
      1  them/PRON
    object-pronoun.beast:
      1  it/PRON
    object-pronoun.thing:
      1  it/PRON
    reflexive.he:
      1  himself/PRON
    reflexive.she:
      1  herself/PRON
    reflexive.beast:
      1  itself/PRON
    reflexive.<many>:
      1  themselves/PRON
    possessive.he:
      1  his/PRON
    possessive.she:
      1  her/PRON
    possessive.people:
      1  their/PRON
    """
}
