"""The own words of the page of a survey in each language; what it asks is the workflow's."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class SurveyPageTexts(Struct, frozen=True, kw_only=True):
    """What the page says in one language. `missing` stands at a question, `wrong` and `more` above all of them."""

    send: str
    missing: str
    wrong: str
    more: str
    optional: str
    change: str
    ended: str
    ended_more: str


SURVEY_TEXTS: Mapping[str, SurveyPageTexts] = MappingProxyType(
    {
        "en": SurveyPageTexts(
            send="Send",
            missing="Please answer this question.",
            wrong="Some answers are missing",
            more="Your answer leads to one more question:",
            optional="(optional)",
            change="Change my answers",
            ended="This survey has ended",
            ended_more="Thank you for wanting to tell us what you think.",
        ),
        "es": SurveyPageTexts(
            send="Enviar",
            missing="Responda a esta pregunta.",
            wrong="Faltan algunas respuestas",
            more="Su respuesta lleva a otra pregunta:",
            optional="(opcional)",
            change="Cambiar mis respuestas",
            ended="Esta encuesta ha terminado",
            ended_more="Gracias por querer darnos su opinión.",
        ),
        "it": SurveyPageTexts(
            send="Invia",
            missing="Risponda a questa domanda.",
            wrong="Mancano alcune risposte",
            more="La Sua risposta porta a un'altra domanda:",
            optional="(facoltativo)",
            change="Cambia le mie risposte",
            ended="Questo sondaggio è terminato",
            ended_more="Grazie per averci voluto dire la Sua opinione.",
        ),
        "de": SurveyPageTexts(
            send="Absenden",
            missing="Bitte beantworten Sie diese Frage.",
            wrong="Einige Antworten fehlen noch",
            more="Zu Ihrer Antwort gibt es noch eine Frage:",
            optional="(freiwillig)",
            change="Meine Antworten ändern",
            ended="Diese Umfrage ist beendet",
            ended_more="Danke, dass Sie uns Ihre Meinung sagen wollten.",
        ),
        "fr": SurveyPageTexts(
            send="Envoyer",
            missing="Veuillez répondre à cette question.",
            wrong="Il manque des réponses",
            more="Votre réponse appelle une autre question :",
            optional="(facultatif)",
            change="Modifier mes réponses",
            ended="Cette enquête est terminée",
            ended_more="Merci de votre intérêt.",
        ),
        "pt": SurveyPageTexts(
            send="Enviar",
            missing="Responda a esta pergunta.",
            wrong="Faltam algumas respostas",
            more="A sua resposta leva a mais uma pergunta:",
            optional="(opcional)",
            change="Alterar as minhas respostas",
            ended="Este inquérito terminou",
            ended_more="Obrigado por querer dar-nos a sua opinião.",
        ),
        "nl": SurveyPageTexts(
            send="Versturen",
            missing="Beantwoord deze vraag.",
            wrong="Er ontbreken antwoorden",
            more="Bij uw antwoord hoort nog een vraag:",
            optional="(niet verplicht)",
            change="Mijn antwoorden wijzigen",
            ended="Deze enquête is gesloten",
            ended_more="Bedankt dat u ons uw mening wilde geven.",
        ),
        "pl": SurveyPageTexts(
            send="Wyślij",
            missing="Odpowiedz na to pytanie.",
            wrong="Brakuje niektórych odpowiedzi",
            more="Państwa odpowiedź prowadzi do kolejnego pytania:",
            optional="(opcjonalne)",
            change="Zmień moje odpowiedzi",
            ended="Ta ankieta jest zakończona",
            ended_more="Dziękujemy za chęć podzielenia się opinią.",
        ),
        "sv": SurveyPageTexts(
            send="Skicka",
            missing="Svara på den här frågan.",
            wrong="Några svar saknas",
            more="Ditt svar leder till en fråga till:",
            optional="(frivilligt)",
            change="Ändra mina svar",
            ended="Enkäten är avslutad",
            ended_more="Tack för att du ville berätta vad du tycker.",
        ),
        "ja": SurveyPageTexts(
            send="送信",
            missing="この質問にお答えください。",
            wrong="未回答の質問があります",
            more="ご回答についてもう一つ質問があります",
            optional="(任意)",
            change="回答を変更する",
            ended="このアンケートは終了しました",
            ended_more="ご意見をお寄せいただこうとしてくださり、ありがとうございます。",
        ),
        "ar": SurveyPageTexts(
            send="إرسال",
            missing="يرجى الإجابة عن هذا السؤال.",
            wrong="بعض الإجابات ناقصة",
            more="إجابتك تقود إلى سؤال آخر:",
            optional="(اختياري)",
            change="تغيير إجاباتي",
            ended="انتهى هذا الاستبيان",
            ended_more="شكرًا لرغبتكم في إبداء رأيكم.",
        ),
    }
)
