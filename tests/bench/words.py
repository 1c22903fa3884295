"""Vocabulary of the generated articles: four scripts, so that bytes, bidirectional text and compression are real."""

_TEXT = {
    "en": """
        the a of and to in for on with after before council harbour mayor minister budget school river bridge company
        workers union strike agreement court judge appeal hospital doctors patients vaccine trial storm rainfall coast
        ferry island railway station delay engineers power grid solar panels market prices inflation exporters farmers
        harvest coffee rice fishermen league final goalkeeper coach festival museum painting novel election ballot
        candidate coalition parliament treaty border customs airport runway residents neighbours survey researchers
        university climate emissions forest peat wildfire smoke rescue volunteers said announced confirmed expects
    """,
    "id": """
        yang dan di ke dari untuk pada dengan setelah sebelum pemerintah kota bupati gubernur anggaran sekolah sungai
        jembatan perusahaan pekerja serikat mogok kesepakatan pengadilan hakim banding rumah sakit dokter pasien hujan
        banjir pesisir feri pulau kereta stasiun terlambat listrik panel surya pasar harga inflasi petani panen kopi
        beras nelayan liga pelatih penjaga gawang festival museum lukisan pemilu calon koalisi parlemen perbatasan
        bandara warga survei peneliti universitas iklim hutan gambut asap relawan mengatakan mengumumkan memastikan
    """,
    "ar": """
        في من على إلى عن مع بعد قبل المدينة المجلس الوزير الميزانية المدرسة النهر الجسر الشركة العمال النقابة الإضراب
        الاتفاق المحكمة القاضي المستشفى الأطباء المرضى اللقاح العاصفة الأمطار الساحل الجزيرة القطار المحطة التأخير
        المهندسون الكهرباء السوق الأسعار التضخم المزارعون الحصاد القهوة الأرز الصيادون الدوري النهائي المدرب المهرجان
        المتحف اللوحة الانتخابات المرشح البرلمان المعاهدة الحدود المطار السكان الباحثون الجامعة المناخ الغابة قال أعلن
    """,
    "zh-CN": """
        市政府 港口 市长 部长 预算 学校 河流 大桥 公司 工人 工会 罢工 协议 法院 法官 上诉 医院 医生 病人 疫苗 暴雨
        沿海 渡轮 岛屿 铁路 车站 延误 工程师 电网 太阳能 市场 价格 通胀 出口商 农民 收成 咖啡 大米 渔民 联赛 决赛
        守门员 教练 艺术节 博物馆 绘画 小说 选举 候选人 议会 条约 边境 机场 居民 调查 研究人员 大学 气候 排放 森林
        山火 救援 志愿者 表示 宣布 确认 预计 以及 之后 之前
    """,
}
WORDS = {language: text.split() for language, text in _TEXT.items()}
SECTIONS = (
    "Politics", "Business", "Sport", "Internasional", "Kaltim", "Culture", "Science", "Health", "Technology", "Opinion",
    "Travel", "Food",
)  # fmt: skip
FLAG, SCIENTIST = "\U0001f1ee\U0001f1e9", "\U0001f469\u200d\U0001f52c"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
EMOJI = ("🚆", "⚽", "🌧️", "📈", "☕", FLAG, SCIENTIST, FAMILY)  # one code point, several, joined ones
NAMES = (
    "Nadia Rahman",
    "Tomás O'Neill",
    "Siti Wulandari",
    "李文",
    "ليلى حداد",
    "Budi & Santoso",
    "Grace Oduya",
    "Åsa Berg",
)
