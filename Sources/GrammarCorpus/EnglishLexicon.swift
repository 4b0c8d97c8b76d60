extension EnglishGrammar {
  /// The words, the most frequent of a list first. Nouns and qualities begin with consonants: they may follow "a".
  static let lexicon = """
    man.farm:       NOUN farmer shepherd boy
    woman.farm:     NOUN girl milkmaid widow
    beast.farm:     NOUN dog cow horse hen
    item.farm:      NOUN cart bucket plant ladder
    place.farm:     NOUN barn field stable
    name.farm.he:   PROPN Peter
    name.farm.she:  PROPN Rosa
    rest.farm:      VERB work sleep/slept
    act.farm.object:  VERB water build/built carry
    act.farm.animal:  VERB feed/fed milk
    act.farm.person:  VERB help call
    move.farm:      VERB run/ran graze

    man.sea:        NOUN sailor captain pirate
    woman.sea:      NOUN mermaid cook diver
    beast.sea:      NOUN fish/fish whale gull seal
    item.sea:       NOUN boat net sail rope
    place.sea:      NOUN harbor beach reef
    name.sea.he:    PROPN Simon
    name.sea.she:   PROPN Marina
    rest.sea:       VERB sail fish
    act.sea.object:   VERB repair sell/sold tie
    act.sea.animal:   VERB catch/caught spot
    act.sea.person:   VERB rescue warn
    move.sea:       VERB dive float

    man.palace:     NOUN king prince knight
    woman.palace:   NOUN queen princess witch
    beast.palace:   NOUN dragon swan peacock hound
    item.palace:    NOUN crown ring sword mirror
    place.palace:   NOUN castle tower garden
    name.palace.he:   PROPN Arthur
    name.palace.she:  PROPN Clara
    rest.palace:    VERB dance laugh
    act.palace.object:  VERB steal/stole hide/hid polish
    act.palace.animal:  VERB tame fear
    act.palace.person:  VERB love guard
    move.palace:    VERB fly/flew roar

    man.school:     NOUN teacher student poet
    woman.school:   NOUN mother nurse librarian
    beast.school:   NOUN mouse/mice cat parrot rabbit
    item.school:    NOUN book poem map picture
    place.school:   NOUN library classroom museum
    name.school.he:   PROPN Felix
    name.school.she:  PROPN Hanna
    rest.school:    VERB study wait
    act.school.object:  VERB read/read write/wrote copy
    act.school.animal:  VERB draw/drew keep/kept
    act.school.person:  VERB visit thank
    move.school:    VERB jump squeak

    give:    VERB give/gave show
    hope:    VERB hope try
    say:     VERB say/said hope think/thought
    wash:    VERB wash hurt/hurt
    lose:    VERB lose/lost find/found
    chase:   VERB chase follow watch
    fall:    VERB fall/fell break/broke
    please:  VERB please surprise

    trait.person:  ADJ young tired proud clever
    trait.beast:   ADJ small hungry wild
    trait.thing:   ADJ new heavy pretty

    conjunction:  CCONJ and but
    preposition:  ADP near in behind
    habit:        ADV often always still
    manner:       ADV quickly together again
    """
}
