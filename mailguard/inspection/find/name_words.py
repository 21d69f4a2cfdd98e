"""Words that are names of people, words that make a name one of something else. Data; small on purpose.

Not a register: a tenth of a column's values in it is enough to tell names of people from names of products or places,
and no name has to be in it where the heading says what the column is. Names that are common words are left out.
"""

from __future__ import annotations

NAMES = frozenset(
    """
    aaron abdul abdullah abigail abu adam adebayo adrian agnes ahmad ahmed aidan aisha aishah alan alasdair albert
    alejandro aleksandra alex alexander alexandra alexis alfie alfred ali alice alicia alison alistair allan allen
    amanda amara amelia amelie amina amir amit amy ana anastasia andrea andreas andrei andrew angela angus anil
    anita ann anna anne annie anthony antonio anwar archie arjun arthur asif ava ayesha barbara barry beatrice ben
    benjamin bernadette bernard beth bethany betty bilal brenda brian bridget bronwen bruce caitlin callum cameron
    carl carlos carmen carol caroline catherine catriona cerys charles charlie charlotte chen cheryl chidi chinedu
    chloe chris christine christopher ciara claire clare claudia clive colin conor craig damian daniel danielle
    daphne darren david deborah debra deepak denise dennis derek diana diane dimitri dmitri dominic donald donna
    dorothy douglas duncan dylan edith edward eileen elaine eleanor elena elizabeth ella ellen ellie elsie emeka
    emily emma eric erin esther ethan eva evan evelyn evie ewan faisal farah fatima fatimah felicity felix fiona
    florence frances francesca francis freddie frederick freya gareth gary gavin gemma geoffrey george georgia
    georgina gerald geraldine gillian giovanni giulia glenda glenn gordon grace graham gregory gwen hamza hannah
    harold harriet harry hasan hassan heather helen helena henry hilary howard hugh hugo hussain hussein iain ian
    ibrahim imran ines ingrid irene isaac isabel isabella isla ismail ivan jack jacob jacqueline jake jakub james
    jamie jan jane janet janice jason javier jayne jean jeffrey jennifer jeremy jessica jill jim joan joanna joanne
    john jonathan jorge jose joseph josephine joshua joyce juan judith julia julian julie june karen karl karolina
    kate katherine kathleen kathryn katie keith kelly kenneth kerry kevin khadija khalid kieran kim kimberley
    krzysztof kylie laila lakshmi laura lauren leah leanne lee leila leo leon leonard lesley lewis li liam linda
    lindsay lisa logan lorraine louis louise lucas lucy luis luke lynn lynne magdalena mahmoud maisie malcolm manuel
    marcus margaret maria mariam marian marie marina mario marion mark marta martha martin mary maryam mateusz
    matilda matthew maureen max megan mehmet mei melanie melissa mia michael michelle mick miguel mike millie miriam
    mohamed mohammad mohammed moira molly monica morag muhammad mustafa nadia naomi natalie natasha neil nasreen
    niamh nicholas nicola nicole nigel nikolai noah nora noreen norman nuala olga oliver olivia olu omar oscar owen
    pamela pablo patricia patrick paul paula pauline pedro penelope peter philip phillip phoebe pierre piotr priya
    rachel rahul raj rajesh ralph raymond rebecca reginald reza rhian rhys richard ricky robert robin robyn roger
    rohan ronald rory rosie ross roy rukhsana rupert russell ruth ryan sabrina saeed safia saira sally
    salma samantha samuel sana sandra sanjay sara sarah sean sebastian seamus sergei shabana shannon sharon shaun
    sheila shirley siobhan simon simone sofia sonia sophia sophie stacey stanislav stefan stella stephanie stephen
    steven stewart stuart sunita susan suzanne sylvia syed tamara tanya tariq tatiana teresa terence theo theresa
    thomas tim timothy tina toby tomasz tom tony tracey tracy trevor tyler usman valerie vanessa vera veronica
    victoria vijay vincent vivian vladimir walter wanda wei wendy william winifred yasmin yasmine yusuf yvonne
    zachary zahra zainab zara zoe zofia adams akhtar allan anderson andrews armstrong atkinson bailey balogun
    banerjee barnes bauer begum bennett bianchi brooks bryant burke butler byrne campbell carr carter chambers chan
    chapman chaudhry cheung chowdhury clark clarke cohen collins cooper cox cunningham davidson davies davis dawson
    diaz dixon doherty doyle dubois edwards elliott ellis evans fernandez ferrari fischer fisher fitzgerald fletcher
    gallagher garcia gibson gill gomez gonzalez graham griffiths gupta hamilton harris harrison harvey hayes
    henderson hernandez holmes hossain hudson hughes hussain ivanov jackson jenkins johnson johnston jones joshi
    kamara kaur kelly kennedy khan kim knight kowalski kumar kumari lawson lewis li lloyd lopez macdonald mackenzie
    malik marshall martin martinez mason matthews mcdonald mccarthy mehta mensah meyer miah miller mistry mitchell
    moore morgan morris morrison mueller muller murphy murray nguyen novak nowak obrien oconnor ofosu okafor oneill
    osullivan owens parker parsons patel pearson perez perkins peters petrov phillips popescu powell qureshi rahman
    ramirez reid reynolds reilly richards richardson roberts robertson robinson rodriguez rogers rossi rowe russell
    ryan sanchez saunders schmidt schneider shah shaikh sharma shaw simpson singh smith spencer stevens stewart
    sullivan suzuki tanaka taylor thompson thomson torres turner wagner walker wallace walsh wang ward watson watts
    webb weber wei wells wilkinson williams williamson wilson wong woods wright wu yang young zhang zhou ziegler
    """.split()  # noqa: SIM905 a list that people edit
)

NOT_PEOPLE = frozenset(
    """
    academy accident account agency airport and architects assembly associates association avenue awaiting bank
    borough branch bridge building bureau business cafe care castle catering centre center chair chapel charity
    church clinic close club co college commission committee common community company consultants consulting
    corporation council county court crescent cross day department design desk development directorate district
    division drive engineering estate estates exchange farm foundation fund garage garden general gmbh green group
    guild hall health high home hospice hospital hotel house housing inc industries infirmary institute
    international junction lane laptop library limited llc llp logistics lodge ltd management manor market media
    medical ministry motors museum national network nhs north nursery of office organisation organization outpatient
    park partners partnership pharmacy place plc police practice primary printer products project properties pub
    pump restaurant review road room royal school science section secondary services service set shop site society
    solicitors solutions south sport square state station store stores street studio supplies supply surgery system
    systems table team technology terrace the theatre training transport trust union unit university valve village
    ward way west workshop
    """.split()  # noqa: SIM905 a list that people edit
)
"""A value with one of these is the name of an organisation, a place or a thing."""
