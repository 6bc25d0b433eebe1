"""What the page that confirms a sign-up says in each language. `{shop}` is the shop's name, as it is."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class SignUpTexts(Struct, frozen=True, kw_only=True):
    """What the page says in one language. `again` stands where only a new sign-up helps."""

    ask: str
    email: str
    button: str
    not_me: str
    done: str
    done_more: str
    to_shop: str
    already: str
    already_more: str
    declined: str
    declined_more: str
    late: str
    again: str


SIGN_UP_TEXTS: Mapping[str, SignUpTexts] = MappingProxyType(
    {
        "en": SignUpTexts(
            ask="Confirm your sign-up",
            email="You will then get offers and news from {shop} by e-mail. Every e-mail has a link to unsubscribe.",
            button="Confirm",
            not_me="I did not sign up",
            done="Your sign-up is confirmed",
            done_more="You will get offers and news from {shop} by e-mail.",
            to_shop="Back to the shop",
            already="This sign-up was confirmed before",
            already_more="There is nothing more to do. If you have unsubscribed since, you can sign up again in the "
            "shop.",
            declined="You are not signed up",
            declined_more="This address gets no news from {shop}, and will not be asked again now.",
            late="This link is no longer valid",
            again="Please sign up again in the shop: you will get a new link.",
        ),
        "es": SignUpTexts(
            ask="Confirme su suscripción",
            email="Recibirá ofertas y novedades de {shop} por correo electrónico. Cada correo tiene un enlace para "
            "darse de baja.",
            button="Confirmar",
            not_me="No me he suscrito",
            done="Su suscripción está confirmada",
            done_more="Recibirá ofertas y novedades de {shop} por correo electrónico.",
            to_shop="Volver a la tienda",
            already="Esta suscripción ya estaba confirmada",
            already_more="No tiene que hacer nada más. Si se ha dado de baja desde entonces, puede volver a "
            "suscribirse en la tienda.",
            declined="No está suscrito",
            declined_more="Esta dirección no recibe novedades de {shop} y por ahora no se le volverá a preguntar.",
            late="Este enlace ya no es válido",
            again="Vuelva a suscribirse en la tienda y recibirá un enlace nuevo.",
        ),
        "it": SignUpTexts(
            ask="Confermi l'iscrizione",
            email="Riceverà offerte e novità di {shop} via e-mail. Ogni e-mail contiene un link per annullare "
            "l'iscrizione.",
            button="Conferma",
            not_me="Non mi sono iscritto",
            done="L'iscrizione è confermata",
            done_more="Riceverà offerte e novità di {shop} via e-mail.",
            to_shop="Torna al negozio",
            already="Questa iscrizione era già confermata",
            already_more="Non c'è altro da fare. Se nel frattempo ha annullato l'iscrizione, può iscriversi di nuovo "
            "nel negozio.",
            declined="Non è iscritto",
            declined_more="Questo indirizzo non riceve novità da {shop} e per ora non sarà più contattato.",
            late="Questo link non è più valido",
            again="Si iscriva di nuovo nel negozio: riceverà un nuovo link.",
        ),
        "de": SignUpTexts(
            ask="Anmeldung bestätigen",
            email="Sie bekommen dann Angebote und Neuigkeiten von {shop} per E-Mail. In jeder E-Mail ist ein Link zum "
            "Abmelden.",
            button="Bestätigen",
            not_me="Ich habe mich nicht angemeldet",
            done="Ihre Anmeldung ist bestätigt",
            done_more="Sie bekommen Angebote und Neuigkeiten von {shop} per E-Mail.",
            to_shop="Zurück zum Shop",
            already="Diese Anmeldung war schon bestätigt",
            already_more="Sie müssen nichts weiter tun. Wenn Sie sich inzwischen abgemeldet haben, können Sie sich im "
            "Shop neu anmelden.",
            declined="Sie sind nicht angemeldet",
            declined_more="An diese Adresse gehen keine Neuigkeiten von {shop}, und sie wird vorerst nicht mehr "
            "gefragt.",
            late="Dieser Link gilt nicht mehr",
            again="Bitte melden Sie sich im Shop neu an: Sie bekommen dann einen neuen Link.",
        ),
        "fr": SignUpTexts(
            ask="Confirmez votre inscription",
            email="Vous recevrez les offres et les nouveautés de {shop} par e-mail. Chaque e-mail contient un lien de "
            "désinscription.",
            button="Confirmer",
            not_me="Je ne me suis pas inscrit",
            done="Votre inscription est confirmée",
            done_more="Vous recevrez les offres et les nouveautés de {shop} par e-mail.",
            to_shop="Retour à la boutique",
            already="Cette inscription était déjà confirmée",
            already_more="Vous n'avez rien d'autre à faire. Si vous vous êtes désinscrit depuis, vous pouvez vous "
            "inscrire à nouveau dans la boutique.",
            declined="Vous n'êtes pas inscrit",
            declined_more="Cette adresse ne reçoit pas de nouveautés de {shop} et ne sera plus sollicitée pour le "
            "moment.",
            late="Ce lien n'est plus valable",
            again="Inscrivez-vous à nouveau dans la boutique : vous recevrez un nouveau lien.",
        ),
        "pt": SignUpTexts(
            ask="Confirme a sua inscrição",
            email="Passará a receber ofertas e novidades de {shop} por e-mail. Cada e-mail tem uma ligação para "
            "cancelar.",
            button="Confirmar",
            not_me="Não me inscrevi",
            done="A sua inscrição está confirmada",
            done_more="Vai receber ofertas e novidades de {shop} por e-mail.",
            to_shop="Voltar à loja",
            already="Esta inscrição já estava confirmada",
            already_more="Não precisa de fazer mais nada. Se cancelou entretanto, pode voltar a inscrever-se na loja.",
            declined="Não está inscrito",
            declined_more="Este endereço não recebe novidades de {shop} e, por agora, não voltará a ser contactado.",
            late="Esta ligação já não é válida",
            again="Inscreva-se novamente na loja: receberá uma nova ligação.",
        ),
        "nl": SignUpTexts(
            ask="Bevestig uw aanmelding",
            email="U krijgt dan aanbiedingen en nieuws van {shop} per e-mail. In elke e-mail staat een link om u af te "
            "melden.",
            button="Bevestigen",
            not_me="Ik heb me niet aangemeld",
            done="Uw aanmelding is bevestigd",
            done_more="U krijgt aanbiedingen en nieuws van {shop} per e-mail.",
            to_shop="Terug naar de winkel",
            already="Deze aanmelding was al bevestigd",
            already_more="U hoeft niets meer te doen. Als u zich intussen hebt afgemeld, kunt u zich in de winkel "
            "opnieuw aanmelden.",
            declined="U bent niet aangemeld",
            declined_more="Dit adres krijgt geen nieuws van {shop} en wordt voorlopig niet meer gevraagd.",
            late="Deze link is niet meer geldig",
            again="Meld u in de winkel opnieuw aan: u krijgt dan een nieuwe link.",
        ),
        "pl": SignUpTexts(
            ask="Potwierdź zapis",
            email="Będziesz otrzymywać oferty i nowości {shop} e-mailem. W każdym e-mailu jest link do wypisania się.",
            button="Potwierdzam",
            not_me="To nie ja",
            done="Zapis potwierdzony",
            done_more="Będziesz otrzymywać oferty i nowości {shop} e-mailem.",
            to_shop="Wróć do sklepu",
            already="Ten zapis był już potwierdzony",
            already_more="Nic więcej nie trzeba robić. Jeśli od tego czasu wypisano ten adres, można zapisać się "
            "ponownie w sklepie.",
            declined="Nie zapisano",
            declined_more="Ten adres nie otrzymuje nowości {shop} i na razie nie będzie więcej pytany.",
            late="Ten link nie jest już ważny",
            again="Zapisz się ponownie w sklepie, a otrzymasz nowy link.",
        ),
        "sv": SignUpTexts(
            ask="Bekräfta din anmälan",
            email="Du får då erbjudanden och nyheter från {shop} via e-post. Varje mejl har en länk för att avsluta.",
            button="Bekräfta",
            not_me="Jag har inte anmält mig",
            done="Din anmälan är bekräftad",
            done_more="Du får erbjudanden och nyheter från {shop} via e-post.",
            to_shop="Tillbaka till butiken",
            already="Anmälan var redan bekräftad",
            already_more="Du behöver inte göra något mer. Om du har avslutat sedan dess kan du anmäla dig igen i "
            "butiken.",
            declined="Du är inte anmäld",
            declined_more="Den här adressen får inga nyheter från {shop} och tillfrågas inte igen just nu.",
            late="Länken gäller inte längre",
            again="Anmäl dig igen i butiken så får du en ny länk.",
        ),
        "ja": SignUpTexts(
            ask="登録を確認してください",
            email="{shop}からお得な情報やお知らせのメールが届くようになります。メールにはいつでも配信停止できるリンクがあります。",
            button="登録を確認する",
            not_me="登録した覚えがない",
            done="登録が確認されました",
            done_more="{shop}からお得な情報やお知らせのメールをお送りします。",
            to_shop="ショップに戻る",
            already="この登録はすでに確認されています",
            already_more="これ以上の操作は必要ありません。その後に配信を停止された場合は、ショップで再度ご登録いただけます。",
            declined="登録されていません",
            declined_more="このアドレスに{shop}のお知らせは届きません。当面、確認のメールもお送りしません。",
            late="このリンクは有効期限が切れています",
            again="ショップで再度ご登録ください。新しいリンクをお送りします。",
        ),
        "ar": SignUpTexts(
            ask="تأكيد اشتراكك",
            email="ستصلك عروض متجر {shop} وأخباره بالبريد الإلكتروني. في كل رسالة رابط لإلغاء الاشتراك.",
            button="تأكيد",
            not_me="لم أشترك",
            done="تم تأكيد اشتراكك",
            done_more="ستصلك عروض متجر {shop} وأخباره بالبريد الإلكتروني.",
            to_shop="العودة إلى المتجر",
            already="تم تأكيد هذا الاشتراك من قبل",
            already_more="ليس عليك فعل أي شيء آخر. إذا كنت قد ألغيت اشتراكك منذ ذلك الحين، فيمكنك "
            "الاشتراك من جديد في المتجر.",
            declined="أنت غير مشترك",
            declined_more="لا تصل إلى هذا العنوان أخبار من متجر {shop}، ولن يُسأل مرة أخرى في الوقت الحالي.",
            late="لم يعد هذا الرابط صالحاً",
            again="يرجى الاشتراك من جديد في المتجر: سيصلك رابط جديد.",
        ),
    }
)
"""By language (BCP 47, without a region): the same as the unsubscribe page has."""
