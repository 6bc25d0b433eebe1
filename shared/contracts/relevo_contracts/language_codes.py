"""Codes of languages and countries, and their other forms, as tables.

Source: Unicode CLDR, English language names and supplemental/supplementalMetadata.xml (languageAlias, territoryAlias).
"""

from collections.abc import Mapping
from types import MappingProxyType

_LANGUAGES = """
    aa aas ab ace ach acn ada adx ady ae aeb af afh agq ain ak akk akz ale aln alt am ami amq an ang ann anp aog aou
    apc apf aqd aqt ar arc arn aro arp arq ars arw ary arz as asa ase ast atj av avk awa ay az azd ba bal ban bar
    bas bax bbc bbj bcg be beb bej bem bew bez bfd bfq bfy bg bgc bgn bho bi bik bin bir bjn bjp bkm bla blo blt bm
    bmf bn bnc bo bpp bpy bqi br bra brh brx bs bss bua bug bum byn byv bzc ca cad car cax cay cbr cch ccp ce ceb
    cgg ch chb chg chk chm chn cho chp chr chy cic cir ckb clc cmr co cop cps cr crg crh crj crk crl crm crr crs cs
    csb csw cu cv cy da dak dar dav dbt de del den dev dgl dgr dif din dje dmw dnj doi drl dsb dtd dtp dua dum duz
    dv dwu dyo dyu dz dze dzg ebk ebu ee efi egl egy eka el elx ema emx en enl enm eo es esg esu et eu ewo ext eza
    fa fan fbl ff fi fil fit fj fo fon fr frc frm fro frp frr frs fur fy ga gaa gag gal gan gay gba gbz gd gdj gez
    gil gl glk gll gmh gn goh gon gor got grb grc gsw gtu gu guc gur guz gv gvr gwi ha hai hak haw hax he hi hif hil
    hit hle hmn hnj ho hr hsb hsn ht hu hup hur huw hy hz ia iba ibb id ie ig ii ik ikt ilm ilo inh io is isk it itd
    iu izh ja jal jam jbk jbo jgk jgo jkm jmc jpr jrb jut jv ka kaa kab kac kaj kak kam kaw kbd kbl kcg kde kdz kea
    ken kfo kg kgp kha kho khq khw ki kiu kj kjh kk kkj kl kln km kmb kml kn ko koi kok kos kpe kr krc kri krj krl
    kru ks ksb ksf ksh ksp ktz ku kum kut kv kw kwk kwv kxr kxv ky kzk la lad lag lah lam lb lcq lez lfn lg li lij
    lil liv lkt lmo ln lo lol lou loz lrc lrr lsm lt ltg lu lua lui lun luo lus luy lv lzh lzz mad maf mag mai mak
    man mas mde mdf mdr men mer mfe mg mga mgh mgo mh mi mic min mk ml mn mnc mni moe moh mom mos mr mrj mry ms mt
    mtm mua mus mwl mwr mwv my mye myv mzn na nan nap naq nb nbr ncq nd nds ne new ng ngt ngv nia niu njo njz nl nmg
    nn nnh no nog nol non nov nqo nr nrk nru nso nun nus nv nvo nwc nwo ny nyc nym nyn nyo nzi oc oj ojb ojc ojs ojw
    oka ola om opa or os osa ota oyb pa pag pal pam pap pau pcd pcm pdc pdt peo pfl phn phr pi pij pis pl plu pms
    pnt pon pqm prg pro prt ps pt pub qu quc qug quh raj rap raq rar ras rgn rhg rif rki rm rmx rn ro rof rom rtm ru
    rue rug rup rw rwk sa sad sah sam saq sas sat saz sba sbp sc scn sco scv sd sdc sdh se see seh sei sel ses sg
    sga sgd sgs shi shn shu si sid sk sl slh sli sly sm sma smj smn sms sn snk snz so sog sq sr srn srr srx ss ssy
    st stq str su suj suk sus sux sv sw swb syc syr szl ta taj tce tcy tdf tdg te tem teo ter tet tg tgx th tht ti
    tig tiv tk tkl tkr tlh tli tly tmh tn to tog tok tpi tpn tpo tr tru trv trw ts tsd tsi tt ttm ttt tum tvd tvl
    twm twq ty tyj tyv tzm udm ug uga uk ulw umb umi ur uth uz vai vaj ve vec vep vi vls vmf vmw vo vot vro vun wa
    wae wal war was waw wbp weo wgb wnn wny wo wro wuu xal xch xh xmf xnr xnt xny xog yam yao yap yav ybb yi ynq yo
    yrl yrm yue yug za zap zbl zea zen zgh zh zkd zko zom zu zun zza
"""
LANGUAGES = frozenset(_LANGUAGES.split())
"""The languages that CLDR names or that a deprecated code is replaced by, in their shortest code."""


def _pairs(text: str) -> Mapping[str, str]:
    return MappingProxyType(dict(pair.split("=", 1) for pair in text.split()))


LANGUAGE_ALIASES = _pairs(
    """
    aam=aas aar=aa abk=ab adp=dz afr=af agp=apf ais=ami ajp=apc ajt=aeb aju=jrb aka=ak alb=sq als=sq amh=am ara=ar
    arb=ar arg=an arm=hy asd=snz asm=as aue=ktz ava=av ave=ae aym=ay ayr=ay ayx=nun aze=az azj=az bak=ba bam=bm
    baq=eu baz=nvo bcc=bal bcl=bik bel=be ben=bn bgm=bcg bh=bho bhk=fbl bic=bir bih=bho bis=bi bjd=drl bjq=bzc
    bkb=ebk blg=iba bod=bo bos=bs bre=br btb=beb bul=bg bur=my bxk=luy bxr=bua cat=ca ccq=rki ces=cs cha=ch che=ce
    chi=zh chu=cu chv=cv cjr=mom cka=cmr cld=syr cls=sa cmk=xch cmn=zh cnr=sr-ME cor=kw cos=co coy=pij cqu=quh
    cre=cr cwd=cr cym=cy cze=cs daf=dnj dan=da dap=njz deu=de dgo=doi dhd=mwr dik=din diq=zza dit=dif div=dv djl=dze
    dkl=aqd drh=mn drr=kzk drw=fa-AF dud=uth duj=dwu dut=nl dwl=dbt dzo=dz ekk=et ell=el elp=amq emk=man eng=en
    epo=eo esk=ik est=et eus=eu ewe=ee fao=fo fas=fa fat=ak fij=fj fin=fi fra=fr fre=fr fry=fy fuc=ff ful=ff gav=dev
    gaz=om gbc=wny gbo=grb geo=ka ger=de gfx=vaj ggn=gvr ggo=esg ggr=gtu gio=aou gla=gd gle=ga glg=gl gli=kzk glv=gv
    gno=gon gom=kok gre=el grn=gn gti=nyc gug=gn guj=gu guv=duz gya=gba hat=ht hau=ha hbs=sr-Latn hdn=hai hea=hmn
    heb=he her=hz him=srx hin=hi hmo=ho hrr=jal hrv=hr hun=hu hye=hy ibi=opa ibo=ig ice=is ido=io iii=ii ike=iu
    iku=iu ile=ie ill=ilm ilw=gal in=id ina=ia ind=id ipk=ik isl=is ita=it iw=he izi=eza jar=jgk jav=jv jeg=oyb
    ji=yi jpn=ja jw=jv kal=kl kan=kn kas=ks kat=ka kau=kr kaz=kk kdv=zkd kgc=tdf kgd=ncq kgh=kml kgm=plu khk=mn
    khm=km kik=ki kin=rw kir=ky kmr=ku knc=kr kng=kg koj=kwv kom=kv kon=kg kor=ko kpp=jkm kpv=kv krm=bmf ktr=dtp
    kua=kj kur=ku kvs=gdj kwq=yam kxe=tvd kxl=kru kzh=dgl kzj=dtp kzt=dtp lak=ksp lao=lo lat=la lav=lv lbk=bnc
    leg=enl lii=raq lim=li lin=ln lit=lt llo=ngt lmm=rmx ltz=lb lub=lu lug=lg lvs=lv mac=mk mah=mh mal=ml mao=mi
    mar=mr may=ms meg=cir mgx=jbk mhr=chm mkd=mk mlg=mg mlt=mt mnk=man mnt=wnn mo=ro mof=xnt mol=ro mon=mn mri=mi
    msa=ms mst=mry mup=raj mwd=dmw mwj=vaj mya=my myd=aog myt=mry nad=xny nau=na nav=nv nbf=nru nbl=nr nbx=gll
    ncp=kdz nde=nd ndo=ng nep=ne nld=nl nln=azd nlr=nrk nno=nn nns=nbr nnx=ngv nob=nb nom=cbr noo=dtd nor=no npi=ne
    nts=pij nxu=bpp nya=ny oci=oc ojg=oj oji=oj ori=or orm=om ory=or oss=os oun=vaj pan=pa pat=kxr pbu=ps pcr=adx
    per=fa pes=fa pli=pi plt=mg pmc=huw pmk=crr pmu=phr pnb=lah pol=pl por=pt ppa=bfy ppr=lcq prp=gu prs=fa-AF
    pry=prt pus=ps puz=pub que=qu quz=qu rmr=emx rmy=rom roh=rm ron=ro rum=ro run=rn rus=ru sag=sg san=sa sap=aqt
    sca=hle scc=sr scr=hr sgl=isk sh=sr-Latn sin=si skk=oyb slk=sk slo=sk slv=sl smd=kmb sme=se smo=sm sna=sn
    snb=iba snd=sd som=so sot=st spa=es spy=kln sqi=sq src=sc srd=sc srp=sr ssw=ss sul=sgd sum=ulw sun=su swa=sw
    swc=sw-CD swe=sv swh=sw szd=umi tah=ty tam=ta tat=tt tdu=dtp tel=te tgg=bjp tgk=tg tgl=fil tha=th thc=tpo
    thw=ola thx=oyb tib=bo tid=itd tie=ras tir=ti tkk=twm tl=fil tlw=weo tmk=tdg tmp=tyj tne=kak tnf=fa-AF ton=to
    tpw=tpn tsf=taj tsn=tn tso=ts ttq=tmh tuk=tk tur=tr tw=ak twi=ak uig=ug ukr=uk umu=del unp=wro uok=ema urd=ur
    uzb=uz uzn=uz ven=ve vie=vi vol=vo wel=cy wgw=wgb wit=nol wiw=nwo wln=wa wol=wo xba=cax xho=xh xia=acn xkh=waw
    xpe=kpe xrq=dmw xsj=suj xsl=den xss=zko ybd=rki ydd=yi yen=ynq yid=yi yiy=yrm yma=lrr ymt=mtm yor=yo yos=zom
    yuu=yug zai=zap zha=za zho=zh zir=scv zkb=kjh zsm=ms zul=zu zyb=za
    """
)
"""Deprecated and three-letter codes with the code that is used instead (`iw`: `he`, `spa`: `es`, `sh`: `sr-Latn`)."""

COUNTRY_ALIASES = _pairs(
    """
    AAA=AA ABW=AW AFG=AF AGO=AO AIA=AI ALA=AX ALB=AL AND=AD ARE=AE ARG=AR ARM=AM ASC=AC ASM=AS ATA=AQ ATF=TF ATG=AG
    AUS=AU AUT=AT AZE=AZ BDI=BI BEL=BE BEN=BJ BES=BQ BFA=BF BGD=BD BGR=BG BHR=BH BHS=BS BIH=BA BLM=BL BLR=BY BLZ=BZ
    BMU=BM BOL=BO BRA=BR BRB=BB BRN=BN BTN=BT BU=MM BUR=MM BVT=BV BWA=BW CAF=CF CAN=CA CCK=CC CHE=CH CHL=CL CHN=CN
    CIV=CI CMR=CM COD=CD COG=CG COK=CK COL=CO COM=KM CPT=CP CPV=CV CRI=CR CT=KI CUB=CU CUW=CW CXR=CX CYM=KY CYP=CY
    CZE=CZ DD=DE DDR=DE DEU=DE DGA=DG DJI=DJ DMA=DM DNK=DK DOM=DO DY=BJ DZA=DZ ECU=EC EGY=EG ERI=ER ESH=EH ESP=ES
    EST=EE ETH=ET FIN=FI FJI=FJ FLK=FK FRA=FR FRO=FO FSM=FM FX=FR FXX=FR GAB=GA GBR=GB GEO=GE GGY=GG GHA=GH GIB=GI
    GIN=GN GLP=GP GMB=GM GNB=GW GNQ=GQ GRC=GR GRD=GD GRL=GL GTM=GT GUF=GF GUM=GU GUY=GY HKG=HK HMD=HM HND=HN HRV=HR
    HTI=HT HUN=HU HV=BF IDN=ID IMN=IM IND=IN IOT=IO IRL=IE IRN=IR IRQ=IQ ISL=IS ISR=IL ITA=IT JAM=JM JEY=JE JOR=JO
    JPN=JP JT=UM KAZ=KZ KEN=KE KGZ=KG KHM=KH KIR=KI KNA=KN KOR=KR KWT=KW LAO=LA LBN=LB LBR=LR LBY=LY LCA=LC LIE=LI
    LKA=LK LSO=LS LTU=LT LUX=LU LVA=LV MAC=MO MAF=MF MAR=MA MCO=MC MDA=MD MDG=MG MDV=MV MEX=MX MHL=MH MI=UM MKD=MK
    MLI=ML MLT=MT MMR=MM MNE=ME MNG=MN MNP=MP MOZ=MZ MRT=MR MSR=MS MTQ=MQ MUS=MU MWI=MW MYS=MY MYT=YT NAM=NA NCL=NC
    NER=NE NFK=NF NGA=NG NH=VU NIC=NI NIU=NU NLD=NL NOR=NO NPL=NP NQ=AQ NRU=NR NZL=NZ OMN=OM PAK=PK PAN=PA PCN=PN
    PER=PE PHL=PH PLW=PW PNG=PG POL=PL PRI=PR PRK=KP PRT=PT PRY=PY PSE=PS PU=UM PYF=PF PZ=PA QAT=QA QMM=QM QNN=QN
    QPP=QP QQQ=QQ QRR=QR QSS=QS QTT=QT QU=EU QUU=EU QVV=QV QWW=QW QXX=QX QYY=QY QZZ=QZ REU=RE RH=ZW ROU=RO RUS=RU
    RWA=RW SAU=SA SDN=SD SEN=SN SGP=SG SGS=GS SHN=SH SJM=SJ SLB=SB SLE=SL SLV=SV SMR=SM SOM=SO SPM=PM SRB=RS SSD=SS
    STP=ST SUR=SR SVK=SK SVN=SI SWE=SE SWZ=SZ SXM=SX SYC=SC SYR=SY TAA=TA TCA=TC TCD=TD TGO=TG THA=TH TJK=TJ TKL=TK
    TKM=TM TLS=TL TMP=TL TON=TO TP=TL TTO=TT TUN=TN TUR=TR TUV=TV TWN=TW TZA=TZ UGA=UG UK=GB UKR=UA UMI=UM URY=UY
    USA=US UZB=UZ VAT=VA VCT=VC VD=VN VEN=VE VGB=VG VIR=VI VNM=VN VUT=VU WK=UM WLF=WF WSM=WS XAA=XA XBB=XB XCC=XC
    XDD=XD XEE=XE XFF=XF XGG=XG XHH=XH XII=XI XJJ=XJ XKK=XK XLL=XL XMM=XM XNN=XN XOO=XO XPP=XP XQQ=XQ XRR=XR XSS=XS
    XTT=XT XUU=XU XVV=XV XWW=XW XXX=XX XYY=XY XZZ=XZ YD=YE YEM=YE YMD=YE ZAF=ZA ZAR=CD ZMB=ZM ZR=CD ZWE=ZW ZZZ=ZZ
    """
)
"""Deprecated and three-letter codes of countries (`UK`: `GB`, `USA`: `US`)."""
