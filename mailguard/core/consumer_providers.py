"""Domains at which private people have their mailboxes: mail there is about a person, seldom about a firm.

Data for `visible_consumer_recipients`. A domain stands for its subdomains too. The two names
below .example cannot exist (RFC 2606 section 2) and are there for samples, demos and tests.
"""

from __future__ import annotations

from .organisation import lies_within

CONSUMER_PROVIDERS = frozenset(
    """
    freemail.example webmail.example gmail.com googlemail.com outlook.com outlook.co.uk outlook.fr outlook.de
    outlook.es outlook.it outlook.ie outlook.jp hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it
    hotmail.es hotmail.be hotmail.nl hotmail.co.jp hotmail.com.au live.com live.co.uk live.fr live.de live.it
    live.nl live.be live.ie live.com.au live.jp msn.com windowslive.com passport.com yahoo.com yahoo.co.uk
    yahoo.ie yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.ca yahoo.com.au yahoo.co.nz yahoo.co.in yahoo.in
    yahoo.co.jp yahoo.com.br yahoo.com.mx yahoo.com.ar yahoo.com.sg yahoo.com.hk yahoo.com.tw yahoo.com.ph
    yahoo.co.id yahoo.gr yahoo.se yahoo.no yahoo.dk yahoo.pl yahoo.ro ymail.com rocketmail.com myyahoo.com
    icloud.com me.com mac.com privaterelay.appleid.com aol.com aol.co.uk aol.fr aol.de aim.com verizon.net
    compuserve.com netscape.net proton.me protonmail.com protonmail.ch pm.me tuta.com tutanota.com tutanota.de
    tutamail.com tuta.io keemail.me gmx.com gmx.co.uk gmx.de gmx.net gmx.at gmx.ch gmx.fr web.de t-online.de
    freenet.de arcor.de posteo.de posteo.net mailbox.org mail.com email.com zoho.com zohomail.eu zohomail.com
    fastmail.com fastmail.fm fastmail.co.uk hey.com hushmail.com inbox.com inbox.lv mail.ee yandex.com yandex.ru
    ya.ru mail.ru bk.ru list.ru inbox.ru rambler.ru ukr.net duck.com mozmail.com btinternet.com btopenworld.com
    talk21.com sky.com virginmedia.com virgin.net ntlworld.com blueyonder.co.uk talktalk.net talktalk.co.uk
    tiscali.co.uk plus.com plus.net plusnet.com o2.co.uk ee.co.uk orange.net orange.co.uk orangehome.co.uk
    wanadoo.co.uk freeserve.co.uk fsmail.net lineone.net tesco.net madasafish.com demon.co.uk zen.co.uk
    force9.co.uk onetel.com postmaster.co.uk supanet.com toucansurf.com uwclub.net waitrose.com eclipse.co.uk
    manx.net jerseymail.co.uk cwgsy.net eircom.net orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr
    bbox.fr numericable.fr libero.it virgilio.it tiscali.it alice.it tin.it telefonica.net terra.es ziggo.nl
    kpnmail.nl planet.nl xs4all.nl hetnet.nl home.nl chello.nl skynet.be telenet.be bluewin.ch hispeed.ch
    sunrise.ch a1.net aon.at wp.pl o2.pl interia.pl onet.pl op.pl poczta.onet.pl seznam.cz centrum.cz email.cz
    azet.sk freemail.hu citromail.hu abv.bg telia.com bredband.net comhem.se spray.se online.no broadpark.no
    mail.dk jubii.dk tdcadsl.dk stofanet.dk comcast.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    earthlink.net juno.com netzero.net optonline.net frontier.com windstream.net roadrunner.com rr.com
    embarqmail.com q.com centurylink.net rogers.com bell.net sympatico.ca shaw.ca telus.net videotron.ca
    bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au ozemail.com.au dodo.com.au xtra.co.nz
    slingshot.co.nz qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com
    docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com ocn.ne.jp biglobe.ne.jp so-net.ne.jp
    naver.com daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br ig.com.br telkomsa.net
    mweb.co.za webmail.co.za vodamail.co.za
    """.split()  # noqa: SIM905  a list that people edit
)


def is_consumer_provider(domain: str) -> bool:
    """Whether a domain in canonical form is, or lies below, a consumer mail provider."""
    return lies_within(domain, CONSUMER_PROVIDERS)
