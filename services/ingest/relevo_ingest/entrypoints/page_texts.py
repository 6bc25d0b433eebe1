"""What the unsubscribe page says in each language. `{shop}` is the shop's name, as it is."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class PageTexts(Struct, frozen=True, kw_only=True):
    """What the page says in one language."""

    ask: str
    email: str
    sms: str
    orders: str
    button: str
    done: str
    email_done: str
    sms_done: str
    by_mistake: str
    undo: str
    undone: str
    undone_more: str
    late: str
    late_more: str
    bad: str
    bad_more: str
    busy: str
    busy_more: str


TEXTS: Mapping[str, PageTexts] = MappingProxyType(
    {
        "en": PageTexts(
            ask="Unsubscribe?",
            email="{shop} will send you no more offers and news by e-mail.",
            sms="{shop} will send you no more offers and news by text message.",
            orders="Messages about your orders still come.",
            button="Unsubscribe",
            done="You are unsubscribed",
            email_done="{shop} sends you no more offers and news by e-mail.",
            sms_done="{shop} sends you no more offers and news by text message.",
            by_mistake="Was it a mistake?",
            undo="Undo",
            undone="Undone",
            undone_more="Everything is as it was before.",
            late="This can no longer be undone",
            late_more="You can subscribe again in the shop.",
            bad="This link is not valid",
            bad_more="Please open the link exactly as it is in the message.",
            busy="Please try again",
            busy_more="We could not save it just now. Please try again in a minute.",
        ),
        "es": PageTexts(
            ask="¿Darse de baja?",
            email="{shop} ya no le enviará ofertas ni novedades por correo electrónico.",
            sms="{shop} ya no le enviará ofertas ni novedades por SMS.",
            orders="Los mensajes sobre sus pedidos seguirán llegando.",
            button="Darme de baja",
            done="Se ha dado de baja",
            email_done="{shop} ya no le envía ofertas ni novedades por correo electrónico.",
            sms_done="{shop} ya no le envía ofertas ni novedades por SMS.",
            by_mistake="¿Ha sido un error?",
            undo="Deshacer",
            undone="Deshecho",
            undone_more="Todo está como antes.",
            late="Ya no se puede deshacer",
            late_more="Puede volver a suscribirse en la tienda.",
            bad="El enlace no es válido",
            bad_more="Abra el enlace tal y como aparece en el mensaje.",
            busy="Inténtelo de nuevo",
            busy_more="No hemos podido guardarlo ahora. Inténtelo de nuevo en un minuto.",
        ),
        "it": PageTexts(
            ask="Annullare l'iscrizione?",
            email="{shop} non le invierà più offerte e novità via e-mail.",
            sms="{shop} non le invierà più offerte e novità via SMS.",
            orders="I messaggi sui suoi ordini continueranno ad arrivare.",
            button="Annulla l'iscrizione",
            done="Iscrizione annullata",
            email_done="{shop} non le invia più offerte e novità via e-mail.",
            sms_done="{shop} non le invia più offerte e novità via SMS.",
            by_mistake="È stato un errore?",
            undo="Ripristina",
            undone="Ripristinato",
            undone_more="Tutto è come prima.",
            late="Non è più possibile ripristinare",
            late_more="Può iscriversi di nuovo nel negozio.",
            bad="Il link non è valido",
            bad_more="Apra il link esattamente come appare nel messaggio.",
            busy="Riprovi",
            busy_more="Non siamo riusciti a salvare adesso. Riprovi tra un minuto.",
        ),
        "de": PageTexts(
            ask="Abmelden?",
            email="{shop} schickt Ihnen dann keine Angebote und Neuigkeiten mehr per E-Mail.",
            sms="{shop} schickt Ihnen dann keine Angebote und Neuigkeiten mehr per SMS.",
            orders="Nachrichten zu Ihren Bestellungen kommen weiterhin.",
            button="Abmelden",
            done="Sie sind abgemeldet",
            email_done="{shop} schickt Ihnen keine Angebote und Neuigkeiten mehr per E-Mail.",
            sms_done="{shop} schickt Ihnen keine Angebote und Neuigkeiten mehr per SMS.",
            by_mistake="War es ein Versehen?",
            undo="Rückgängig machen",
            undone="Rückgängig gemacht",
            undone_more="Alles ist wieder wie vorher.",
            late="Das lässt sich nicht mehr rückgängig machen",
            late_more="Sie können sich im Shop wieder anmelden.",
            bad="Dieser Link ist nicht gültig",
            bad_more="Bitte öffnen Sie den Link genau so, wie er in der Nachricht steht.",
            busy="Bitte versuchen Sie es noch einmal",
            busy_more="Wir konnten es gerade nicht speichern. Bitte versuchen Sie es in einer Minute noch einmal.",
        ),
        "fr": PageTexts(
            ask="Se désabonner ?",
            email="{shop} ne vous enverra plus d'offres ni d'actualités par e-mail.",
            sms="{shop} ne vous enverra plus d'offres ni d'actualités par SMS.",
            orders="Les messages concernant vos commandes continueront d'arriver.",
            button="Me désabonner",
            done="Vous êtes désabonné(e)",
            email_done="{shop} ne vous envoie plus d'offres ni d'actualités par e-mail.",
            sms_done="{shop} ne vous envoie plus d'offres ni d'actualités par SMS.",
            by_mistake="C'était une erreur ?",
            undo="Annuler le désabonnement",
            undone="Désabonnement annulé",
            undone_more="Tout est comme avant.",
            late="Il n'est plus possible d'annuler",
            late_more="Vous pouvez vous réabonner dans la boutique.",
            bad="Ce lien n'est pas valide",
            bad_more="Ouvrez le lien exactement tel qu'il figure dans le message.",
            busy="Veuillez réessayer",
            busy_more="L'enregistrement n'a pas abouti. Veuillez réessayer dans une minute.",
        ),
        "pt": PageTexts(
            ask="Cancelar a subscrição?",
            email="{shop} deixará de lhe enviar ofertas e novidades por e-mail.",
            sms="{shop} deixará de lhe enviar ofertas e novidades por SMS.",
            orders="As mensagens sobre as suas encomendas continuarão a chegar.",
            button="Cancelar a subscrição",
            done="Subscrição cancelada",
            email_done="{shop} já não lhe envia ofertas e novidades por e-mail.",
            sms_done="{shop} já não lhe envia ofertas e novidades por SMS.",
            by_mistake="Foi um engano?",
            undo="Desfazer",
            undone="Desfeito",
            undone_more="Está tudo como antes.",
            late="Já não é possível desfazer",
            late_more="Pode voltar a subscrever na loja.",
            bad="Esta ligação não é válida",
            bad_more="Abra a ligação exatamente como está na mensagem.",
            busy="Tente novamente",
            busy_more="Não foi possível guardar agora. Tente novamente dentro de um minuto.",
        ),
        "nl": PageTexts(
            ask="Afmelden?",
            email="{shop} stuurt u dan geen aanbiedingen en nieuws meer per e-mail.",
            sms="{shop} stuurt u dan geen aanbiedingen en nieuws meer per sms.",
            orders="Berichten over uw bestellingen blijven komen.",
            button="Afmelden",
            done="U bent afgemeld",
            email_done="{shop} stuurt u geen aanbiedingen en nieuws meer per e-mail.",
            sms_done="{shop} stuurt u geen aanbiedingen en nieuws meer per sms.",
            by_mistake="Was het een vergissing?",
            undo="Ongedaan maken",
            undone="Ongedaan gemaakt",
            undone_more="Alles is weer zoals het was.",
            late="Dit kan niet meer ongedaan worden gemaakt",
            late_more="U kunt zich in de winkel opnieuw aanmelden.",
            bad="Deze link is niet geldig",
            bad_more="Open de link precies zoals hij in het bericht staat.",
            busy="Probeer het opnieuw",
            busy_more="We konden het nu niet opslaan. Probeer het over een minuut opnieuw.",
        ),
        "pl": PageTexts(
            ask="Wypisać się?",
            email="{shop} nie będzie już przysyłać Ci ofert i nowości e-mailem.",
            sms="{shop} nie będzie już przysyłać Ci ofert i nowości SMS-em.",
            orders="Wiadomości o Twoich zamówieniach będą nadal przychodzić.",
            button="Wypisz mnie",
            done="Wypisano Cię",
            email_done="{shop} nie przysyła Ci już ofert i nowości e-mailem.",
            sms_done="{shop} nie przysyła Ci już ofert i nowości SMS-em.",
            by_mistake="To pomyłka?",
            undo="Cofnij",
            undone="Cofnięto",
            undone_more="Wszystko jest tak jak wcześniej.",
            late="Tego nie można już cofnąć",
            late_more="Możesz zapisać się ponownie w sklepie.",
            bad="Ten link jest nieprawidłowy",
            bad_more="Otwórz link dokładnie tak, jak jest podany w wiadomości.",
            busy="Spróbuj ponownie",
            busy_more="Nie udało się teraz zapisać. Spróbuj ponownie za minutę.",
        ),
        "sv": PageTexts(
            ask="Avsluta prenumerationen?",
            email="{shop} skickar då inga fler erbjudanden och nyheter via e-post.",
            sms="{shop} skickar då inga fler erbjudanden och nyheter via sms.",
            orders="Meddelanden om dina beställningar kommer fortfarande.",
            button="Avsluta prenumerationen",
            done="Prenumerationen är avslutad",
            email_done="{shop} skickar inga fler erbjudanden och nyheter via e-post.",
            sms_done="{shop} skickar inga fler erbjudanden och nyheter via sms.",
            by_mistake="Var det ett misstag?",
            undo="Ångra",
            undone="Ångrat",
            undone_more="Allt är som förut.",
            late="Det går inte längre att ångra",
            late_more="Du kan prenumerera igen i butiken.",
            bad="Länken är inte giltig",
            bad_more="Öppna länken precis som den står i meddelandet.",
            busy="Försök igen",
            busy_more="Det gick inte att spara just nu. Försök igen om en minut.",
        ),
        "ja": PageTexts(
            ask="配信を停止しますか？",  # noqa: RUF001 - Japanese has its own
            email="{shop}からのお得な情報やお知らせのメールが届かなくなります。",
            sms="{shop}からのお得な情報やお知らせのSMSが届かなくなります。",
            orders="ご注文に関するメッセージは引き続き届きます。",
            button="配信を停止する",
            done="配信を停止しました",
            email_done="{shop}からのお得な情報やお知らせのメールは届きません。",
            sms_done="{shop}からのお得な情報やお知らせのSMSは届きません。",
            by_mistake="お間違えですか？",  # noqa: RUF001 - as above
            undo="元に戻す",
            undone="元に戻しました",
            undone_more="すべて以前の状態に戻りました。",
            late="元に戻せる期間が過ぎました",
            late_more="ショップで再度ご登録いただけます。",
            bad="このリンクは無効です",
            bad_more="メッセージに記載されているリンクをそのまま開いてください。",
            busy="もう一度お試しください",
            busy_more="現在保存できませんでした。1分後にもう一度お試しください。",
        ),
    }
)
"""By language (BCP 47, without a region)."""
