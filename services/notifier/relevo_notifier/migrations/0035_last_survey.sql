-- The last message to a number or an address that asked a survey: what an answer that is written there answers.
create table notifier.last_survey (
    shop    text        not null,
    channel text        not null,
    address text        not null,               -- E.164, or a mail address in lower case
    key     text        not null,               -- the customer whose run asked
    at      timestamptz not null,
    sent    bytea       not null,               -- which message it is (`Sent`, JSON)
    primary key (shop, channel, address)
);

create index last_survey_of_customer on notifier.last_survey (shop, key);
create index last_survey_age on notifier.last_survey (at);
